/* The profile of the process's heaps, and what it promises. The library reads the same variable, before the first allocation. */
#ifndef PROCESS_PROFILE_H
#define PROCESS_PROFILE_H

#include "suite.h"

static inline bool is_profile(const char *name) {
  const char *profile = getenv("SLABMALLOC_PROFILE");
  return profile != NULL && strcmp(profile, name) == 0;
}

/** Frees that name a size or an alignment don't look at them. */
static inline bool is_fast(void) { return is_profile("fast"); }

/** Slots end with a canary, runs with guard pages; freed memory is cleared, held back, and looked at when it is handed out. */
static inline bool is_hardened(void) { return is_profile("hardened"); }

/** Rounds of what takes long, as each suite runs in every profile: all of them in the default, some in the others. */
static inline size_t rounds_of(size_t checked, size_t others) { return is_fast() || is_hardened() ? others : checked; }

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
