/* A coroutine that is switched out has its objects on its stack, which the program has mapped. */
#include "leaks.h"
#include <ucontext.h>
static SEEN ucontext_t first, coroutine;
static void work(void) {
  void *volatile mine[5];
  for (int i = 0; i < 5; i++) mine[i] = malloc(KEPT);
  memset(malloc(LOST), 0, LOST);
  wipe();
  swapcontext(&coroutine, &first);
  free(mine[0]);
}
int main(void) {
  getcontext(&coroutine);
  coroutine.uc_stack.ss_size = 1 << 20;
  coroutine.uc_stack.ss_sp = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  coroutine.uc_link = &first;
  makecontext(&coroutine, work, 0);
  swapcontext(&first, &coroutine);
  return ready(1);
}
