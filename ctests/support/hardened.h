/* For suites of what only hardened zones do. */
#ifndef HARDENED_H
#define HARDENED_H

#define SUITE_HARDENED
#include "family.h"

static inline slm_status try(fixture *f, size_t size, void **out) {
  return slm_zone_allocate_with(f->zone, 8, size, 0, out);
}

/** Every way in which an object is freed or changed says this; nothing changes. */
static inline void everything_says(fixture *f, void *object, size_t size, slm_status want) {
  uint64_t live = slots_live(f);
  size_t done = 9;
  assert_status(want, slm_zone_deallocate(f->zone, object));
  assert_status(want, slm_zone_deallocate_sized(f->zone, object, size));
  assert_status(want, slm_zone_deallocate_aligned_sized(f->zone, object, 8, size));
  assert_status(want, slm_zone_deallocate_batch(f->zone, &object, 1, &done));
  assert_int_equal(done, 0);
  assert_status(want, slm_zone_resize(f->zone, object, 1));
  assert_null(slm_zone_reallocate(f->zone, object, size));
  assert_null(slm_zone_reallocate(f->zone, object, 3000));
  assert_null(slm_zone_reallocate_aligned(f->zone, object, 64, size));
  assert_int_equal(slots_live(f), live);
}

#endif
