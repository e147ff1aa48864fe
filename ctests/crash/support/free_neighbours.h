/* For programs that write to the free slots beside an object. */
#ifndef FREE_NEIGHBOURS_H
#define FREE_NEIGHBOURS_H

#include "misuse.h"

/** An object between two slots of its size, which were used and are free. */
static inline char *make_lone_object(void) {
  enum { COUNT = 200 };
  static char *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    objects[i] = opaque(malloc(SMALL));
    if (objects[i] == NULL) abort();
  }
  size_t slot = slot_size(objects[0]);
  for (size_t i = 0; i < COUNT; i++) {
    char *below = NULL, *above = NULL;
    for (size_t j = 0; j < COUNT; j++) {
      if (objects[j] == objects[i] - slot) below = objects[j];
      if (objects[j] == objects[i] + slot) above = objects[j];
    }
    if (below == NULL || above == NULL) continue;
    free(below);
    free(above);
    return objects[i];
  }
  abort();
}

/** To be called while nothing is written yet. The object lives, and the slot beside it is of its class. */
static inline void expect_written_neighbour(const char *slot, const char *object) {
  if (!is_hardened()) expect_text("not found");
  else EXPECT("write to %p after it was freed (%s)", slot, place_of(object));
}

#endif
