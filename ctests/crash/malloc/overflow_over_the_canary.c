/* A write that skips the canary and goes to the free slot above the object: found when the object is freed. */
#include "../support/free_neighbours.h"

int main(void) {
  char *object = make_lone_object(), *above = object + slot_size(object);
  expect_written_neighbour(above, object);
  *(char *)opaque(above) = 'x';
  free(object);
  return not_found();
}
