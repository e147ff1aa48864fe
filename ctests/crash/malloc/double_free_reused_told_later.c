/* A second free after the slot was handed out again is told when the new owner frees. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  free(object);
  char *next = allocate_again(object, SMALL, malloc);
  if (next == NULL) return 2;
  expect_double_free(next);
  free(opaque(object));
  free(next);
  return 0;
}
