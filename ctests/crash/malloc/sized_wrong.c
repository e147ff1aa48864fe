/* free_sized with the size of a smaller class. */
#include "../support/misuse.h"

int main(void) {
  if (free_sized == NULL) return 2;
  char *object = make_object(SMALL);
  expect_wrong_size(object);
  free_sized(object, 24);
  return not_found();
}
