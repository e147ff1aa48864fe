/* A thread that waits in the kernel has the only pointer in a register. */
#include "leaks.h"
#include <sys/syscall.h>
static SEEN pthread_barrier_t barrier;
static void *hold(void *argument) {
  (void)argument;
#if defined(__x86_64__)
  void *mine = malloc(KEPT);
  memset(malloc(LOST), 0, LOST);
  wipe();
  pthread_barrier_wait(&barrier);
  /* Calls have left it in the red zone, which belongs to the stack. */
  __asm__ volatile("mov %0, %%rbx\n mov %1, %%r12\n"
                   "lea -128(%%rsp), %%rdi\n mov $16, %%ecx\n xor %%eax, %%eax\n rep stosq\n"
                   "1: mov %%r12, %%rax\n syscall\n jmp 1b"
                   :
                   : "D"(mine), "S"((long)SYS_pause)
                   : "rbx", "r12", "rax", "rcx", "r11", "memory");
#elif defined(__aarch64__)
  void *mine = malloc(KEPT);
  memset(malloc(LOST), 0, LOST);
  wipe();
  pthread_barrier_wait(&barrier);
  register void *kept __asm__("x19") = mine;
  for (;;) {
    __asm__ volatile("" : "+r"(kept));
    pause();
  }
#endif
  return NULL;
}
int main(void) {
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&thread, NULL, hold, NULL);
  pthread_barrier_wait(&barrier);
  return ready(1);
}
