/* The rest of the smallest kernel, for QEMU's q35 machine: start, serial line, exit. The heap is kernel_start.c. */
#include <slabmalloc.h>

struct memory_range {
  void *start;
  size_t size;
};
slm_status heap_start(const struct memory_range *map, size_t count);
void *kmalloc(size_t size);
slm_status kfree(void *object);
void kernel(void);

/* QEMU starts at the address in the note, on 32 bits. Each address of the first gigabyte is mapped to itself. */
__asm__(".section .note.pvh, \"a\", @note\n"
        ".long 4, 8, 18\n .asciz \"Xen\"\n .quad start\n"
        ".text\n .code32\n .globl start\n"
        "start: movl $directory, %edi\n movl $0x83, %eax\n"
        "1: movl %eax, (%edi)\n addl $0x200000, %eax\n addl $8, %edi\n cmpl $directory + 4096, %edi\n jne 1b\n"
        "movl $root, %eax\n movl %eax, %cr3\n"
        "movl $0x20, %eax\n movl %eax, %cr4\n"                        /* pages of 64 bits */
        "movl $0xc0000080, %ecx\n rdmsr\n orl $0x100, %eax\n wrmsr\n" /* 64-bit mode */
        "movl %cr0, %eax\n orl $0x80000000, %eax\n movl %eax, %cr0\n" /* paging */
        "lgdtl descriptors\n ljmpl $8, $2f\n"
        ".code64\n 2: leaq stack + 16384(%rip), %rsp\n call kernel\n"
        ".data\n .balign 8\n descriptors: .word 15\n .long descriptors\n .word 0\n .quad 0x00af9a000000ffff\n"
        ".balign 4096\n root: .quad pointers + 3\n .balign 4096\n pointers: .quad directory + 3\n"
        ".bss\n .balign 4096\n directory: .skip 4096\n stack: .skip 16384\n .text\n");
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

static void out(unsigned short port, unsigned char value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static void print(const char *text) {
  while (*text != 0) out(0x3f8, *text++);
}

void kernel(void) {
  struct memory_range map = {memory, sizeof memory};
  slm_status status = heap_start(&map, 1);
  void *object = kmalloc(64);
  if (status == SLM_OK && object != NULL && kfree(object) == SLM_OK) status = kfree(object);
  print(status == SLM_ERR_DOUBLE_FREE ? "the second free is refused\n" : "FAIL\n");
  for (;;) out(0xf4, status == SLM_ERR_DOUBLE_FREE ? 16 : 1); /* ends QEMU */
}
