/* A set of address intervals, none of which meets another: where the live objects lie. */
#ifndef PROCESS_INTERVALS_H
#define PROCESS_INTERVALS_H

#include "suite.h"

typedef struct interval {
  uintptr_t start, end;
} interval;

/** Sorted by address. */
typedef struct intervals {
  interval *items;
  size_t count, limit;
} intervals;

static inline void intervals_open(intervals *set, size_t limit) {
  set->items = calloc(limit, sizeof *set->items);
  assert_non_null(set->items);
  set->count = 0;
  set->limit = limit;
}

static inline void intervals_close(intervals *set) { free(set->items); }

/** The index of the first interval that starts at or above an address. */
static inline size_t intervals_find(const intervals *set, uintptr_t start) {
  size_t low = 0, high = set->count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (set->items[middle].start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** False if one of the bytes is in the set already. */
static inline bool intervals_add(intervals *set, const void *memory, size_t size) {
  uintptr_t start = (uintptr_t)memory, end = start + size;
  size_t at = intervals_find(set, start);
  if (set->count == set->limit || end < start) return false;
  if (at < set->count && set->items[at].start < end) return false;
  if (at > 0 && set->items[at - 1].end > start) return false;
  memmove(&set->items[at + 1], &set->items[at], (set->count - at) * sizeof *set->items);
  set->items[at] = (interval){start, end};
  set->count++;
  return true;
}

/** False if there is no such interval. */
static inline bool intervals_remove(intervals *set, const void *memory, size_t size) {
  size_t at = intervals_find(set, (uintptr_t)memory);
  if (at == set->count || set->items[at].start != (uintptr_t)memory) return false;
  if (set->items[at].end - set->items[at].start != size) return false;
  set->count--;
  memmove(&set->items[at], &set->items[at + 1], (set->count - at) * sizeof *set->items);
  return true;
}

#endif
