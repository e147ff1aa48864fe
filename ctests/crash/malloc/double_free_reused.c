/* A second free after the slot was handed out again: it frees the new owner's object, which nothing tells. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  free(object);
  char *next = opaque(malloc(SMALL));
  if (next != object) return 2;
  free(opaque(object));
  answer_text("not found");
  return works_on();
}
