/* How a misuse ends: what the program says beforehand on stdout, and what it finds, on stderr. */
#ifndef OUTCOME_H
#define OUTCOME_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The profile that the library was told to have: run-crashes.sh sets it. */
static inline bool is_profile(const char *name) {
  const char *profile = getenv("SLABMALLOC_PROFILE");
  return profile != NULL && strcmp(profile, name) == 0;
}

static inline bool is_fast(void) { return is_profile("fast"); }
static inline bool is_hardened(void) { return is_profile("hardened"); }

static inline void expect_text(const char *text) {
  puts(text);
  fflush(stdout);
}

static inline void answer_text(const char *text) { fprintf(stderr, "%s\n", text); }

#endif
