/* A write 32 bytes before an object, to the free slot below it: found when the object is freed. */
#include "../support/free_neighbours.h"

int main(void) {
  char *object = make_lone_object();
  expect_written_neighbour(object - slot_size(object), object);
  *(char *)opaque(object - 32) = 'x';
  free(object);
  return not_found();
}
