// A program without a C library: where it starts, how it speaks and ends. The system calls are Linux's, so that
// qemu-user runs a program for any machine; slabmalloc itself makes none.
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>
#include <stdint.h>

/// Whether the machine has the atomic instructions that zones for threads need.
#define HAS_ATOMICS (__GCC_ATOMIC_INT_LOCK_FREE == 2)

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

void print(const char *text);
void print_number(uint32_t number);
_Noreturn void leave(int status);

/// The program. What it returns is its exit status.
int run(void);

/// Ends the program with the place and the text of a condition that does not hold.
#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) fail(__FILE__, __LINE__, #condition);                                                            \
  } while (0)
_Noreturn void fail(const char *file, unsigned line, const char *condition);

#endif
