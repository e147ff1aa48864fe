/* A write 33 bytes before an object, to the free slot below it: found when that slot is reused, not when the object is
 * freed. */
#include "../support/free_neighbours.h"

int main(void) {
  char *object = make_lone_object();
  expect_text("not found");
  *(char *)opaque(object - 33) = 'x';
  free(object);
  answer_text("not found");
  return 0;
}
