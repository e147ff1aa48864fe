/* free_aligned_sized with an alignment that the object was not allocated with. */
#include "../support/misuse.h"

int main(void) {
  if (free_aligned_sized == NULL) return 2;
  char *object = make_object(SMALL);
  expect_wrong_size(object);
  free_aligned_sized(object, 65536, SMALL);
  return not_found();
}
