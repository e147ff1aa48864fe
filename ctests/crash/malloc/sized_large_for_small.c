/* free_sized with the size of a large object, for a small one. */
#include "../support/misuse.h"

int main(void) {
  if (free_sized == NULL) return 2;
  char *object = make_object(SMALL);
  expect_wrong_size(object);
  free_sized(object, LARGE);
  return not_found();
}
