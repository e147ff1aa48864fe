/* What the profile of the process's heaps promises. */
#ifndef PROCESS_PROFILE_H
#define PROCESS_PROFILE_H

#include "profile.h"
#include "suite.h"

/** Rounds of what takes long, as each suite runs in every profile: all of them in the default, some in the others. */
static inline size_t rounds_of(size_t checked, size_t others) { return is_fast() || is_hardened() ? others : checked; }

/** Usable bytes that an object has at least. A hardened one of size 0 has none. */
static inline size_t least_usable(size_t size) { return size == 0 && !is_hardened() ? 1 : size; }

/** Bytes of a slot that are not the object's. */
static inline size_t canary_size(void) { return is_hardened() ? 8 : 0; }

/** The largest object that has a slot. */
static inline size_t max_in_slot(void) { return SLM_MAX_SIZE - canary_size(); }

/** The size of a live object's slot, as reports have it: 0 if it is a large object. */
static inline size_t slot_of(const void *object) {
  size_t usable = slm_usable_size(object);
  return usable <= max_in_slot() ? usable + canary_size() : 0;
}

#endif
