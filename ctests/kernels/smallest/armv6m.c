/* The rest of the smallest kernel, for the BBC micro:bit, a Cortex-M0 with 16 KiB. The heap is kernel_start.c. */
#include <slabmalloc.h>

struct memory_range {
  void *start;
  size_t size;
};
slm_status heap_start(const struct memory_range *map, size_t count);
void *kmalloc(size_t size);
slm_status kfree(void *object);
void kernel(void);

/* The vector table: the stack's end and the first function. */
__asm__(".section .init, \"a\"\n .globl start\n start: .word 0x20004000, kernel\n");
static _Alignas(4096) unsigned char memory[12 << 10];

/* The compiler and slabmalloc call these three, and nothing else. */
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  for (size_t i = 0; i < size; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}
void *memmove(void *to, const void *from, size_t size) {
  if (to <= from) return memcpy(to, from, size);
  while (size-- > 0) ((volatile char *)to)[size] = ((const char *)from)[size];
  return to;
}
void *memset(void *to, int byte, size_t size) {
  for (size_t i = 0; i < size; i++) ((volatile char *)to)[i] = (char)byte;
  return to;
}

/* Semihosting: the debugger, here QEMU, writes a text or ends the program. */
static void ask(unsigned operation, const void *argument) {
  register unsigned r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt #0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void kernel(void) {
  struct memory_range map = {memory, sizeof memory};
  slm_status status = heap_start(&map, 1);
  void *object = kmalloc(64);
  if (status == SLM_OK && object != NULL && kfree(object) == SLM_OK) status = kfree(object);
  ask(4, status == SLM_ERR_DOUBLE_FREE ? "the second free is refused\n" : "FAIL\n");
  for (;;) ask(0x18, (void *)(status == SLM_ERR_DOUBLE_FREE ? 0x20026 : 0x20023)); /* ends QEMU */
}
