/* The line that a misuse puts on stderr. */
#ifndef REPORT_H
#define REPORT_H

#include "child.h"

/** The child died of abort() and wrote one line: one of these misuses, of this pointer. */
static inline bool child_reported(const child *c, const char *const *misuses, const void *pointer) {
  const char *end = strchr(c->err, '\n');
  if (!child_was_killed_by(c, SIGABRT) || end == NULL || end[1] != '\0') return false;
  for (; *misuses != NULL; misuses++) {
    char wanted[256];
    snprintf(wanted, sizeof wanted, *misuses, pointer);
    if (strncmp(c->err, wanted, strlen(wanted)) == 0) return true;
  }
  return false;
}

#define DOUBLE_FREE "slabmalloc: double free of %p ("
#define INTERIOR_POINTER "slabmalloc: free of %p, which points into an object ("
#define FOREIGN_POINTER "slabmalloc: free of %p, which is no object of this heap ["

#define fail_child(c, what, pointer)                                                                                   \
  fail_msg("%s of %p: status %#x, stdout '%s', stderr '%s'", (what), (pointer), (unsigned)(c)->status, (c)->out,       \
           (c)->err)

#endif
