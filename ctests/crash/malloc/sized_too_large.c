/* free_sized with the size of a larger class. */
#include "../support/misuse.h"

int main(void) {
  if (free_sized == NULL) return 2;
  char *object = make_object(SMALL);
  expect_wrong_size(object);
  free_sized(object, 4000);
  return not_found();
}
