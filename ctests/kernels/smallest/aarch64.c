/* The rest of the smallest kernel, for QEMU's virt machine: start, serial line, exit. The heap is kernel_start.c. */
#include <slabmalloc.h>

struct memory_range {
  void *start;
  size_t size;
};
slm_status heap_start(const struct memory_range *map, size_t count);
void *kmalloc(size_t size);
slm_status kfree(void *object);
void kernel(void);

/* The first instructions. */
__asm__(".section .init, \"ax\"\n .globl start\n"
        "start: adrp x0, stack + 16384\n"
        "add sp, x0, :lo12:stack + 16384\n"
        "b kernel\n"
        ".bss\n .balign 4096\n stack: .skip 16384\n"
        ".text\n");
static _Alignas(4096) unsigned char memory[8 << 20];

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

static void print(const char *text) {
  while (*text != 0) *(volatile char *)0x9000000 = *text++;
}

void kernel(void) {
  struct memory_range map = {memory, sizeof memory};
  slm_status status = heap_start(&map, 1);
  void *object = kmalloc(64);
  if (status == SLM_OK && object != NULL && kfree(object) == SLM_OK) status = kfree(object);
  print(status == SLM_ERR_DOUBLE_FREE ? "the second free is refused\n" : "FAIL\n");
  static unsigned long result[2] = {0x20026, 0}; /* semihosting: the program ends, with a status */
  result[1] = status != SLM_ERR_DOUBLE_FREE;
  register unsigned long operation __asm__("x0") = 0x18;
  register unsigned long *argument __asm__("x1") = result;
  for (;;) __asm__ volatile("hlt #0xf000" ::"r"(operation), "r"(argument) : "memory"); /* ends QEMU */
}
