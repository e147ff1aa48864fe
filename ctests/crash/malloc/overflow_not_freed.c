/* A write behind an object that nobody frees: nothing looks at it. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *object = make_object(SMALL);
  object[malloc_usable_size(object)] ^= 1;
  return not_found();
}
