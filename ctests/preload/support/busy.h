/* Threads that allocate and free all the time, while the test does something else. */
#ifndef BUSY_H
#define BUSY_H

#include "preload.h"

enum { BUSY_THREADS = 3, BUSY_KEPT = 200 };

/** Threads count what is wrong; only the test itself asserts. */
typedef struct busy {
  atomic_bool stop;
  atomic_size_t faults, rounds;
  pthread_t threads[BUSY_THREADS];
} busy;

static inline size_t busy_size(uint64_t *random) {
  size_t kind = random_below(random, 200);
  return 16 + random_below(random, kind == 0 ? MIB : kind < 10 ? 60000 : 1500);
}

/** A few hundred objects come and go, each with its size and a pattern in it; returns how many were wrong. */
static inline size_t busy_round(size_t **kept, uint64_t *random, size_t steps) {
  size_t faults = 0;
  for (size_t i = 0; i < steps; i++) {
    size_t **at = &kept[random_below(random, BUSY_KEPT)];
    if (*at != NULL) {
      faults += !pattern_holds(*at + 1, (*at)[0] - 8, (uintptr_t)*at);
      free(*at);
      *at = NULL;
    } else {
      size_t size = busy_size(random);
      size_t *object = opaque(i % 8 == 0 ? calloc(1, size) : i % 8 == 1 ? memalign(64, size) : malloc(size));
      if (object == NULL) {
        faults++;
        continue;
      }
      object[0] = size;
      pattern_fill(object + 1, size - 8, (uintptr_t)object);
      *at = object;
    }
  }
  return faults;
}

static inline void busy_free(size_t **kept) {
  for (size_t i = 0; i < BUSY_KEPT; i++) free(kept[i]);
}

static inline void *busy_body(void *argument) {
  busy *b = argument;
  size_t *kept[BUSY_KEPT] = {NULL};
  uint64_t random = (uintptr_t)&random;
  while (!b->stop) {
    b->faults += busy_round(kept, &random, 100);
    b->rounds++;
  }
  busy_free(kept);
  return NULL;
}

static inline void busy_start(busy *b) {
  memset(b, 0, sizeof *b);
  for (size_t i = 0; i < BUSY_THREADS; i++) start_thread(&b->threads[i], busy_body, b);
}

/** Stops them; all of them have worked, and none found anything wrong. */
static inline void busy_stop(busy *b) {
  b->stop = true;
  for (size_t i = 0; i < BUSY_THREADS; i++) join_thread(b->threads[i]);
  assert_true(b->rounds > 0);
  assert_int_equal(b->faults, 0);
}

#endif
