/* free_sized with a size that no object has. */
#include "../support/misuse.h"

int main(void) {
  if (free_sized == NULL) return 2;
  char *object = make_object(SMALL);
  expect_wrong_size(object);
  free_sized(object, SIZE_MAX);
  return not_found();
}
