/* A zone with live objects, whose content and count no misuse may change. */
#ifndef VICTIM_H
#define VICTIM_H

#include "family.h"

typedef struct victim {
  fixture f;
  char *small, *medium, *large; /* live: 40, 700 and 50000 bytes */
  char *freed;                  /* 40 bytes, freed */
} victim;

static inline void open_victim(victim *v) {
  open_pull(&v->f, 4096);
  assert_non_null(v->small = slm_zone_allocate(v->f.zone, 40));
  assert_non_null(v->freed = slm_zone_allocate(v->f.zone, 40));
  assert_non_null(v->medium = slm_zone_allocate(v->f.zone, 700));
  assert_non_null(v->large = slm_zone_allocate(v->f.zone, 50000));
  pattern_fill(v->small, 40, 1);
  pattern_fill(v->medium, 700, 2);
  pattern_fill(v->large, 50000, 3);
  assert_ok(slm_zone_deallocate(v->f.zone, v->freed));
}

static inline void unharmed(victim *v) {
  assert_int_equal(slots_live(&v->f), 3);
  assert_true(pattern_holds(v->small, 40, 1));
  assert_true(pattern_holds(v->medium, 700, 2));
  assert_true(pattern_holds(v->large, 50000, 3));
  still_works(&v->f);
}

static inline void close_victim(victim *v) {
  unharmed(v);
  assert_ok(slm_zone_deallocate_sized(v->f.zone, v->small, 40));
  assert_ok(slm_zone_deallocate_sized(v->f.zone, v->medium, 700));
  assert_ok(slm_zone_deallocate_sized(v->f.zone, v->large, 50000));
  close_fixture(&v->f);
}

/** Every way to hand a pointer in refuses this one with this status. */
static inline void refused_everywhere(victim *v, void *pointer, slm_status want) {
  slm_zone *zone = v->f.zone;
  size_t done = 9;
  assert_status(want, slm_zone_deallocate(zone, pointer));
  assert_status(want, slm_zone_deallocate_sized(zone, pointer, 40));
  assert_status(want, slm_zone_deallocate_aligned_sized(zone, pointer, 8, 40));
  assert_status(want, slm_zone_deallocate_batch(zone, &pointer, 1, &done));
  assert_int_equal(done, 0);
  assert_status(want, slm_zone_resize(zone, pointer, 8));
  assert_null(slm_zone_reallocate(zone, pointer, 41));
  assert_null(slm_zone_reallocate(zone, pointer, 3000));
  assert_null(slm_zone_reallocate_aligned(zone, pointer, 64, 41));
  assert_int_equal(slm_zone_usable_size(zone, pointer), 0);
}

#endif
