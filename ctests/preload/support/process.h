/* What the suites that run under the preload library need, in C and C++: proof that they do, calls the compiler can't
 * see through, and the memory that the process has. */
#ifndef PROCESS_H
#define PROCESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../support/emulator.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

/* The compiler knows what malloc and free do, and would leave out, or warn of, what these tests do on purpose. */
static inline void *opaque(void *pointer) {
  __asm__ volatile("" : "+r"(pointer)::"memory");
  return pointer;
}

static inline size_t opaque_size(size_t size) {
  __asm__ volatile("" : "+r"(size));
  return size;
}

/** A function by its name, for those that the C library's headers don't declare. */
static inline void *function_named(const char *name) {
  void *function = dlsym(RTLD_DEFAULT, name);
  if (function == NULL) fail_msg("there is no %s", name);
  return function;
}

/** The function comes from the first library that LD_PRELOAD names. */
static inline bool is_preloaded(const char *function) {
  static char wanted[PATH_MAX], found[PATH_MAX];
  char first[PATH_MAX] = "";
  const char *list = getenv("LD_PRELOAD");
  Dl_info info;
  void *address = dlsym(RTLD_DEFAULT, function);
  if (list == NULL || address == NULL || dladdr(address, &info) == 0) return false;
  snprintf(first, sizeof first, "%.*s", (int)strcspn(list, ": "), list);
  return realpath(first, wanted) != NULL && realpath(info.dli_fname, found) != NULL && strcmp(wanted, found) == 0;
}

/** The first test of each suite: without the library the others would prove nothing. */
static inline void runs_under_the_library(void **state) {
  (void)state;
  assert_true(is_preloaded("malloc"));
  assert_true(is_preloaded("free"));
}

#define UNDER_THE_LIBRARY cmocka_unit_test(runs_under_the_library)

/** The process's resident memory in bytes, as the kernel counts it page by page. Does not allocate. */
static inline size_t resident(void) {
  char text[2048];
  int file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  ssize_t got = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  if (got <= 0) return 0;
  text[got] = '\0';
  const char *line = strstr(text, "\nRss:");
  return line == NULL ? 0 : strtoull(line + 5, NULL, 10) * KIB;
}

static inline uint64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline void pause_for(unsigned ms) {
  struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  while (nanosleep(&time, &time) != 0 && errno == EINTR) {
  }
}

/** What any program does now and then: a few allocations and frees of several sizes. */
static inline void ordinary_calls(void) {
  static const size_t sizes[] = {24, 100, 600, 3000, 20000, 100000, 400000};
  enum { COUNT = sizeof sizes / sizeof sizes[0] };
  void *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) objects[i] = opaque(malloc(sizes[i]));
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
}

/** Waits, with ordinary calls, until resident memory is at most limit; returns what it was in the end. */
static inline size_t resident_after_purge(size_t limit) {
  uint64_t end = milliseconds() + 60000;
  size_t now;
  do {
    pause_for(20);
    ordinary_calls();
    now = resident();
  } while (now > limit && milliseconds() < end);
  return now;
}

/** Resident memory where nothing that was freed a while ago is left, but what ordinary calls keep: in a hardened
 *  process some that were freed. */
static inline size_t resident_settled(void) {
  for (size_t i = 0; i < 40; i++) {
    pause_for(10);
    ordinary_calls();
  }
  return resident();
}

/** Resident memory comes down to what it was before, and a tenth of that, or more where allowed. */
static inline void assert_comes_back_to(size_t before, size_t allowed) {
  if (is_emulated()) return; /* the emulator's own memory counts */
  size_t limit = before + (allowed > before / 10 ? allowed : before / 10), after = resident_after_purge(limit);
  if (after == 0 || after > limit)
    fail_msg("resident: %zu KiB before, %zu KiB after, at most %zu KiB allowed", before / KIB, after / KIB,
             limit / KIB);
}

static inline void assert_comes_back(size_t before) { assert_comes_back_to(before, 0); }

static inline void start_thread(pthread_t *thread, void *(*body)(void *), void *argument) {
  assert_int_equal(pthread_create(thread, NULL, body, argument), 0);
}

static inline void join_thread(pthread_t thread) { assert_int_equal(pthread_join(thread, NULL), 0); }

#endif
