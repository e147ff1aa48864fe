/* calloc of a product that is above SIZE_MAX. */
#include "../support/misuse.h"

int main(void) {
  expect_text("NULL, ENOMEM");
  errno = 0;
  void *object = opaque(calloc(SIZE_MAX / 2, 3));
  return refused(object, errno);
}
