/* A heap profile that was dumped, and what it says. */
#ifndef SAMPLED_H
#define SAMPLED_H

#include "suite.h"

/** A dump, with a 0 behind it. */
typedef struct dump {
  char *bytes;
  size_t length, room;
} dump;

/** What a line of the text form counts, or its heading. */
typedef struct sampled {
  unsigned long long live, live_bytes, all, all_bytes;
  unsigned long long innermost; /**< Where the innermost call returns to. */
} sampled;

static inline void dump_add(void *context, const char *text, size_t length) {
  dump *d = context;
  if (d->length + length >= d->room) {
    d->room = (d->room + length) * 2;
    d->bytes = realloc(d->bytes, d->room);
    assert_non_null(d->bytes);
  }
  memcpy(d->bytes + d->length, text, length);
  d->length += length;
  d->bytes[d->length] = 0;
}

/** Dumps into the same memory as the call before. It is the C library's malloc's. */
static inline const dump *dump_of(uint32_t form) {
  static dump d;
  d.length = 0;
  assert_ok(slm_sample_dump(form, dump_add, &d));
  return &d;
}

static inline sampled sampled_heading(uint32_t form) {
  sampled s = {0};
  unsigned long long rate = 0;
  assert_int_equal(sscanf(dump_of(form)->bytes, "heap profile: %llu: %llu [%llu: %llu] @ heap_v2/%llu", &s.live,
                          &s.live_bytes, &s.all, &s.all_bytes, &rate),
                   5);
  return s;
}

/** The line of the text form whose innermost call is in a function that starts here. All 0 if there is none. */
static inline sampled sampled_in(uint32_t form, const void *function, size_t bytes) {
  sampled sum = {0};
  for (const char *line = dump_of(form)->bytes; (line = strchr(line, '\n')) != NULL; line++) {
    sampled s = {0};
    if (sscanf(line + 1, " %llu: %llu [%llu: %llu] @ 0x%llx", &s.live, &s.live_bytes, &s.all, &s.all_bytes,
               &s.innermost) != 5)
      continue;
    if (s.innermost - (uintptr_t)function > 256 || s.all_bytes != s.all * bytes) continue;
    sum.live += s.live, sum.live_bytes += s.live_bytes, sum.all += s.all, sum.all_bytes += s.all_bytes;
  }
  return sum;
}

#endif
