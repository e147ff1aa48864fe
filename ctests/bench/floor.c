#include "floor.h"

// With --touch the first byte of an object is written.
static char object[64];

void *floor_allocate(size_t size) {
  (void)size;
  return object;
}

void floor_deallocate(void *given_back) { (void)given_back; }
