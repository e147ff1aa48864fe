/* An overflow by someone who has read the canary of an object, and made one of it for an object of another slab: each
 * slab has a key of its own. */
#include "../support/misuse.h"

/** The canary behind an object of SMALL bytes, without its address. */
static uintptr_t key_of(char *object) {
  uintptr_t canary;
  char *place = opaque(object + malloc_usable_size(object));
  memcpy(&canary, place, sizeof canary);
  return canary ^ (uintptr_t)place;
}

int main(void) {
  enum { COUNT = 2000 };
  char *first = opaque(malloc(SMALL)), *other = NULL;
  if (first == NULL) return 2;
  for (size_t i = 0; i < COUNT && other == NULL; i++) {
    char *object = opaque(malloc(SMALL));
    if ((uintptr_t)object >> 16 != (uintptr_t)first >> 16) other = object;
  }
  if (other == NULL) return 2;
  expect_overflow(other);
  char *place = other + malloc_usable_size(other);
  uintptr_t forged = (key_of(first) ^ (uintptr_t)place) & ~(uintptr_t)255;
  memcpy(opaque(place), &forged, sizeof forged);
  free(other);
  return not_found();
}
