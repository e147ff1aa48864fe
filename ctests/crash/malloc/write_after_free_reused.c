/* A write to a freed object that is another's by now: it is the new owner's memory. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  free(object);
  if (allocate_again(object, SMALL, malloc) == NULL) return 2;
  memset(opaque(object), 0xFF, SMALL);
  return not_found();
}
