/* Several threads that use one heap of slm_heap_create() at once, and wait for each other. */
#ifndef HEAP_TEAM_H
#define HEAP_TEAM_H

#include "process_books.h"
#include "process_misuse.h"
#include "process_threads.h"

enum { TEAM = 8, TEAM_OBJECTS = 300 };

typedef struct member {
  slm_heap *heap;
  pthread_barrier_t *barrier; /* of all members and the test; NULL if nobody waits */
  void *objects[TEAM_OBJECTS];
  size_t sizes[TEAM_OBJECTS];
  size_t count, size, faults;
  size_t index;
} member;

static inline slm_heap *heap_create(void) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_non_null(heap);
  return heap;
}

static inline void heap_destroy(slm_heap *heap, size_t want) {
  size_t live = SIZE_MAX;
  assert_ok(slm_heap_destroy(heap, &live));
  assert_int_equal(live, want);
}

static inline slm_heap_usage heap_usage(slm_heap *heap) {
  slm_heap_usage out = {.struct_size = sizeof out};
  assert_ok(slm_heap_statistics(heap, &out));
  assert_true(out.bytes_live <= out.bytes_slabs + out.bytes_large);
  assert_int_equal(out.bytes_held, out.bytes_slabs + out.bytes_large);
  assert_true(out.bytes_peak >= out.bytes_held);
  return out;
}

/** Allocates the member's objects, of one size or of several. */
static inline void *member_allocate(void *argument) {
  member *self = argument;
  for (size_t i = 0; i < self->count; i++) {
    self->sizes[i] = self->size != 0 ? self->size : 1 + (i * 7919 + self->index * 31) % (i % 50 == 0 ? 200000 : 2000);
    self->objects[i] = slm_heap_allocate(self->heap, self->sizes[i]);
    if (self->objects[i] == NULL) self->faults++;
    else pattern_fill_ends(self->objects[i], self->sizes[i], self->index * TEAM_OBJECTS + i);
  }
  return NULL;
}

static inline bool member_holds(const member *self, size_t i) {
  return pattern_ends_hold(self->objects[i], self->sizes[i], self->index * TEAM_OBJECTS + i);
}

/** The same, and waits until all have, and until the test lets it end. */
static inline void *member_allocate_and_stay(void *argument) {
  member *self = argument;
  member_allocate(self);
  pthread_barrier_wait(self->barrier);
  pthread_barrier_wait(self->barrier);
  return NULL;
}

static inline void team_open(member members[TEAM], slm_heap *heap, size_t count, size_t size) {
  for (size_t i = 0; i < TEAM; i++) members[i] = (member){.heap = heap, .count = count, .size = size, .index = i};
}

/** All allocate while the others live: each has a part of its own. */
static inline void team_allocate(member members[TEAM]) {
  pthread_barrier_t barrier;
  pthread_t threads[TEAM];
  pthread_barrier_init(&barrier, NULL, TEAM + 1);
  for (size_t i = 0; i < TEAM; i++) {
    members[i].barrier = &barrier;
    assert_int_equal(pthread_create(&threads[i], NULL, member_allocate_and_stay, &members[i]), 0);
  }
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  for (size_t i = 0; i < TEAM; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(members[i].faults, 0);
  }
  pthread_barrier_destroy(&barrier);
}

#endif
