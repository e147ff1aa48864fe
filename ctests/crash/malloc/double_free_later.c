/* A double free, with other objects allocated and freed in between. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL), *before[8];
  for (size_t i = 0; i < 8; i++) before[i] = make_object(SMALL);
  expect_double_free(object);
  free(object);
  for (size_t i = 0; i < 8; i++) free(before[i]);
  free(make_object(200));
  free(opaque(object));
  return 0;
}
