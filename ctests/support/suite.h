/* What every suite needs: cmocka, the library's header, checks that name a status, patterns, random numbers.
 * Header-only, so that each test_*.c is one program by itself. */
#ifndef SUITE_H
#define SUITE_H

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

#include "slabmalloc.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** Runs the block that follows for 4, 16 and 64 KiB base pages. */
#define EACH_BASE_PAGE_SIZE(name) for (size_t name = 4096; name <= 65536; name *= 4)

static inline void suite_check_status(slm_status got, slm_status want, const char *call, const char *file, int line) {
  if (got != want) {
    print_error("%s: %s, but should be %s\n", call, slm_status_name(got), slm_status_name(want));
    _fail(file, line);
  }
}

/** The call returns this status; both are named when it does not. */
#define assert_status(want, call) suite_check_status((call), (want), #call, __FILE__, __LINE__)
#define assert_ok(call) assert_status(SLM_OK, call)
#define assert_aligned(pointer, alignment) assert_int_equal((uintptr_t)(pointer) % (alignment), 0)

/* ---- patterns: byte i of object id depends on both, so that a prefix of an object keeps its pattern ---- */

static inline uint64_t pattern_word(uint64_t id, size_t index) {
  return (id + 1) * UINT64_C(0x9E3779B97F4A7C15) + index * UINT64_C(0xD1B54A32D192ED03);
}

static inline void pattern_fill(void *memory, size_t size, uint64_t id) {
  unsigned char *bytes = memory;
  for (size_t at = 0; at < size; at += 8) {
    uint64_t word = pattern_word(id, at);
    memcpy(bytes + at, &word, size - at < 8 ? size - at : 8);
  }
}

static inline bool pattern_holds(const void *memory, size_t size, uint64_t id) {
  const unsigned char *bytes = memory;
  for (size_t at = 0; at < size; at += 8) {
    uint64_t word = pattern_word(id, at);
    if (memcmp(bytes + at, &word, size - at < 8 ? size - at : 8) != 0) return false;
  }
  return true;
}

/* Of a big object only both ends, where it would meet another one. */
#define PATTERN_END ((size_t)1024)

static inline void pattern_fill_ends(void *memory, size_t size, uint64_t id) {
  if (size <= 2 * PATTERN_END) {
    pattern_fill(memory, size, id);
  } else {
    pattern_fill(memory, PATTERN_END, id);
    pattern_fill((char *)memory + size - PATTERN_END, PATTERN_END, id + 1);
  }
}

static inline bool pattern_ends_hold(const void *memory, size_t size, uint64_t id) {
  if (size <= 2 * PATTERN_END) return pattern_holds(memory, size, id);
  return pattern_holds(memory, PATTERN_END, id) &&
         pattern_holds((const char *)memory + size - PATTERN_END, PATTERN_END, id + 1);
}

/** Every one of the bytes has this value. */
static inline bool bytes_are(const void *memory, size_t size, unsigned char value) {
  const unsigned char *bytes = memory;
  return size == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static inline int compare_addresses(const void *left, const void *right) {
  uintptr_t a = *(const uintptr_t *)left, b = *(const uintptr_t *)right;
  return (a > b) - (a < b);
}

/** No two of count objects of the same size share a byte. */
static inline void assert_disjoint(void *const *objects, size_t count, size_t size) {
  uintptr_t *sorted = malloc((count + 1) * sizeof *sorted);
  assert_non_null(sorted);
  for (size_t i = 0; i < count; i++) sorted[i] = (uintptr_t)objects[i];
  qsort(sorted, count, sizeof *sorted, compare_addresses);
  for (size_t i = 1; i < count; i++) assert_true(sorted[i] - sorted[i - 1] >= size);
  free(sorted);
}

/* ---- random numbers (splitmix64) ---- */

static inline uint64_t random_next(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static inline size_t random_below(uint64_t *state, size_t bound) { return (size_t)(random_next(state) % bound); }

/** The seed of a random test: SLM_TEST_SEED, or the clock. Printed at once, so that it is there also after a crash. */
static inline uint64_t suite_seed(void) {
  const char *text = getenv("SLM_TEST_SEED");
  uint64_t seed = (uint64_t)time(NULL);
  if (text != NULL && *text != '\0') seed = strtoull(text, NULL, 0);
  print_message("SLM_TEST_SEED=%llu\n", (unsigned long long)seed);
  return seed;
}

static inline void shuffle(void **objects, size_t count, uint64_t *random) {
  for (size_t i = count; i > 1; i--) {
    size_t j = random_below(random, i);
    void *kept = objects[i - 1];
    objects[i - 1] = objects[j];
    objects[j] = kept;
  }
}

#endif
