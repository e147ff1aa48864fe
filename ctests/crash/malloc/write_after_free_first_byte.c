/* A write to the first byte of a freed object. It goes to nobody, or the next owner, or that is what would be the next
 * owner's. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_write_after_free(object);
  free(object);
  *(char *)opaque(object) = 1;
  if (allocate_again(object, SMALL, malloc) == NULL) return 2;
  return not_found();
}
