/* A write to a freed large object, whose memory is still there: the next owner finds it. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(LARGE);
  free(object);
  memset(opaque(object), 0xFF, LARGE);
  return not_found();
}
