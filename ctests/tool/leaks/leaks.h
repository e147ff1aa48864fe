/* What the programs share that are looked at for leaks. Each makes objects of LOST or LOST_LARGE bytes that nothing
 * points to in the end, and others of KEPT or KEPT_LARGE bytes that are in use. A tool finds the first and no others:
 * the sizes tell which it has found. */
#ifndef LEAKS_H
#define LEAKS_H
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOST = 777, KEPT = 555, LOST_LARGE = 777777, KEPT_LARGE = 555555 };

#define APART __attribute__((noinline, noclone, noipa))
#ifdef __clang__
#undef APART
#define APART __attribute__((noinline, optnone))
#endif

/* A variable that is written to, though this file never reads it. */
#define SEEN __attribute__((used))

/* An object whose first word leads to another. */
struct node {
  struct node *next, *other;
};

/* Writes over what calls before have left on the stack, and in registers. */
static APART void wipe(void) {
  volatile char bytes[1 << 16];
  memset((void *)bytes, 0, sizeof bytes);
}

/* Says how many objects are lost, and waits until standard input ends. */
static APART int ready(unsigned planted) {
  wipe();
  printf("ready %u\n", planted);
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}

/* Waits for ever: the process ends when its first thread returns. */
static inline void wait_for_ever(void) {
  for (;;) pause();
}

#endif
