/* For programs that misuse malloc: each prints the line that stderr must get in the profile it runs in, and then does
 * it. */
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

/* C++'s operators, in which size_t is m: `operator new(size_t)` and so on. The preload library has them. */
void *_Znwm(size_t size) __attribute__((weak));
void *_ZnwmSt11align_val_t(size_t size, size_t alignment) __attribute__((weak));
void _ZdlPv(void *object) __attribute__((weak));
void _ZdlPvm(void *object, size_t size) __attribute__((weak));
void _ZdaPvm(void *object, size_t size) __attribute__((weak));
void _ZdlPvSt11align_val_t(void *object, size_t alignment) __attribute__((weak));
void _ZdlPvmSt11align_val_t(void *object, size_t size, size_t alignment) __attribute__((weak));
void _ZdaPvmSt11align_val_t(void *object, size_t size, size_t alignment) __attribute__((weak));

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

#define CANARY ((size_t)8)

/** Bytes of the slot of a live small or medium object: in a hardened heap it ends with a canary. */
static inline size_t slot_size(const char *live) {
  return malloc_usable_size((void *)(uintptr_t)live) + (is_hardened() ? CANARY : 0);
}

/** What the report says of a live object. */
static inline const char *place_of(const char *live) {
  static char text[64];
  if (malloc_usable_size((void *)(uintptr_t)live) >= LARGE) return "large object";
  snprintf(text, sizeof text, "size class %zu", slot_size(live));
  return text;
}

/* What is printed of a pointer, and of the live object that it belongs to. */
#define EXPECT(form, pointer, ...)                                                                                     \
  do {                                                                                                                 \
    printf("slabmalloc: " form "\n", (void *)(uintptr_t)(pointer), __VA_ARGS__);                                       \
    fflush(stdout);                                                                                                    \
  } while (0)

/* To be called while the object lives. */
static inline void expect_double_free(const char *object) {
  EXPECT("double free of %p (%s)", object, place_of(object));
}

static inline void expect_interior(const char *pointer, const char *object) {
  EXPECT("free of %p, which points into an object (%s)", pointer, place_of(object));
}

/** What is reported when the usable size of such a pointer is asked for. */
static inline void expect_usable_size_of_freed(const char *object) {
  EXPECT("usable size of %p, which was freed (%s)", object, place_of(object));
}

static inline void expect_usable_size_of_interior(const char *pointer, const char *object) {
  EXPECT("usable size of %p, which points into an object (%s)", pointer, place_of(object));
}

static inline void expect_usable_size_of_foreign(const void *pointer) {
  printf("slabmalloc: usable size of %p, which is no object of this heap\n", (void *)(uintptr_t)pointer);
  fflush(stdout);
}

/** The profile fast does not look at sizes: there the program ends with not_found(). */
static inline void expect_wrong_size(const char *object) {
  if (is_fast()) expect_text("not found");
  else EXPECT("free of %p with a wrong size (%s)", object, place_of(object));
}

static inline void expect_foreign(const void *pointer) {
  printf("slabmalloc: free of %p, which is no object of this heap\n", (void *)(uintptr_t)pointer);
  fflush(stdout);
}

/** Only the profile hardened finds these two: elsewhere the program ends with not_found(). */
static inline void expect_overflow(const char *object) {
  if (!is_hardened()) expect_text("not found");
  else EXPECT("write behind the end of %p (%s)", object, place_of(object));
}

static inline void expect_write_after_free(const char *object) {
  if (!is_hardened()) expect_text("not found");
  else EXPECT("write to %p after it was freed (%s)", object, place_of(object));
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

static inline int not_found(void) {
  answer_text("not found");
  return works_on();
}

/**
 * Allocates until an object that was freed is handed out again, which it then is; NULL if that does not happen.
 *
 * A hardened heap lets go of a random one of 128 slots at most for each that is freed: after 2000 of them, a slot
 * hardly ever waits on. And it hands out free slots in any order, but 2000 are most of them. Both go wrong 30 times
 * less than once in 10^9.
 */
static inline char *allocate_again(const char *freed, size_t size, void *(*allocate)(size_t)) {
  enum { COUNT = 2000, ROUNDS = 30 };
  static char *objects[COUNT];
  char *again = NULL;
  for (size_t round = 0; round < ROUNDS && again == NULL; round++) {
    for (size_t i = 0; i < COUNT; i++) {
      objects[i] = opaque(allocate(size));
      if (objects[i] == NULL) abort();
      if (objects[i] == freed) again = objects[i];
    }
    for (size_t i = 0; i < COUNT; i++)
      if (objects[i] != again) free(objects[i]);
  }
  return again;
}

/** Another thread calls the function, and ends. */
static inline void *in_thread(void *(*function)(void *), void *argument) {
  pthread_t thread;
  void *result = NULL;
  if (pthread_create(&thread, NULL, function, argument) != 0 || pthread_join(thread, &result) != 0) abort();
  return result;
}

#endif
