/* What the C suites share: the patterns and random numbers of all suites, and what process.h has. */
#ifndef PRELOAD_H
#define PRELOAD_H

#include "../../suites/support/suite.h"

#include "process.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/** Whether the suite runs with hardened heaps. */
static inline bool is_hardened(void) {
  const char *profile = getenv("SLABMALLOC_PROFILE");
  return profile != NULL && strcmp(profile, "hardened") == 0;
}

#endif
