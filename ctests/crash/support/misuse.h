/* For programs that misuse malloc: each prints the line that stderr must get, and then does it. */
#ifndef MISUSE_H
#define MISUSE_H

#include "outcome.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* C23's, which the C library's headers don't have yet. */
void free_sized(void *pointer, size_t size) __attribute__((weak));
void free_aligned_sized(void *pointer, size_t alignment, size_t size) __attribute__((weak));

/** Hides from the compiler what a pointer is, which would warn of every misuse. */
static inline void *opaque(void *pointer) {
  __asm__ volatile("" : "+r"(pointer)::"memory");
  return pointer;
}

static inline size_t opaque_size(size_t size) {
  __asm__ volatile("" : "+r"(size));
  return size;
}

static inline void *opaque_address(uintptr_t address) { return opaque((void *)address); }

/** An object with a pattern, amid others of its size; a few of them are free. */
static inline char *make_object(size_t size) {
  char *objects[12];
  for (size_t i = 0; i < 12; i++) {
    objects[i] = opaque(malloc(size));
    if (objects[i] == NULL) abort();
    memset(objects[i], (int)i, size);
  }
  free(objects[2]);
  free(objects[9]);
  return objects[5];
}

#define SMALL ((size_t)64)
#define MEDIUM ((size_t)20000)
#define LARGE ((size_t)1000000)

/** What the report says of a live object. */
static inline const char *place_of(const char *live) {
  static char text[64];
  size_t usable = malloc_usable_size((void *)(uintptr_t)live);
  if (usable >= LARGE) return "large object";
  snprintf(text, sizeof text, "size class %zu", usable);
  return text;
}

/* To be called while the object lives. */
static inline void expect_double_free(const char *object) {
  printf("slabmalloc: double free of %p (%s)\n", (void *)(uintptr_t)object, place_of(object));
  fflush(stdout);
}

static inline void expect_interior(const char *pointer, const char *object) {
  printf("slabmalloc: free of %p, which points into an object (%s)\n", (void *)(uintptr_t)pointer, place_of(object));
  fflush(stdout);
}

static inline void expect_wrong_size(const char *object) {
  printf("slabmalloc: free of %p with a wrong size (%s)\n", (void *)(uintptr_t)object, place_of(object));
  fflush(stdout);
}

static inline void expect_foreign(const void *pointer) {
  printf("slabmalloc: free of %p, which is no object of this heap\n", (void *)(uintptr_t)pointer);
  fflush(stdout);
}

static inline void *free_in_thread(void *object) {
  free(object);
  return NULL;
}

/** A call that must be refused: prints what it gave. */
static inline int refused(const void *result, int error) {
  answer_text(result != NULL    ? "an object"
              : error == ENOMEM ? "NULL, ENOMEM"
              : error == EINVAL ? "NULL, EINVAL"
                                : "NULL");
  return 0;
}

/** For what isn't found: proof that the heap works on. The objects in use keep what is in them. */
static inline int works_on(void) {
  for (size_t size = 16; size < 300000; size = size * 3 / 2) {
    char *objects[20];
    for (int i = 0; i < 20; i++) {
      objects[i] = opaque(malloc(size));
      if (objects[i] == NULL) return 3;
      memset(objects[i], i, size);
    }
    for (int i = 0; i < 20; i++) {
      if (objects[i][0] != i || objects[i][size - 1] != i) return 4;
      free(objects[i]);
    }
  }
  return 0;
}

/** Another thread calls the function, and ends. */
static inline void *in_thread(void *(*function)(void *), void *argument) {
  pthread_t thread;
  void *result = NULL;
  if (pthread_create(&thread, NULL, function, argument) != 0 || pthread_join(thread, &result) != 0) abort();
  return result;
}

#endif
