/* A second free after the slot was handed out again: it frees the new owner's object, which nothing tells. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  free(object);
  if (allocate_again(object, SMALL, malloc) == NULL) return 2;
  free(opaque(object));
  return not_found();
}
