/* free_sized with the size of a small object, for a large one. */
#include "../support/misuse.h"

int main(void) {
  if (free_sized == NULL) return 2;
  char *object = make_object(LARGE);
  expect_wrong_size(object);
  free_sized(object, SMALL);
  return not_found();
}
