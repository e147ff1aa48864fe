/* The profile that a program's process has: the library reads the same variable, before the first allocation. */
#ifndef PROFILE_H
#define PROFILE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_profile(const char *name) {
  const char *profile = getenv("SLABMALLOC_PROFILE");
  return profile != NULL && strcmp(profile, name) == 0;
}

/** Frees that name a size or an alignment don't look at them. */
static inline bool is_fast(void) { return is_profile("fast"); }

/** Slots end with a canary, runs with guard pages; freed memory is cleared, held back, and looked at when it is handed
 * out. */
static inline bool is_hardened(void) { return is_profile("hardened"); }

#endif
