/* How a misuse ends: what the program says beforehand on stdout, and what it finds, on stderr. */
#ifndef OUTCOME_H
#define OUTCOME_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../../support/profile.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void expect_text(const char *text) {
  puts(text);
  fflush(stdout);
}

static inline void answer_text(const char *text) { fprintf(stderr, "%s\n", text); }

#endif
