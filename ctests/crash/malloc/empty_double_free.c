/* An object of size 0, freed twice. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(0);
  expect_double_free(object);
  free(object);
  free(object);
  return not_found();
}
