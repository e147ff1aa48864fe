/* pvalloc of a size that overflows when it is rounded up to pages. */
#include "../support/misuse.h"

int main(void) {
  expect_text("NULL, ENOMEM");
  errno = 0;
  void *object = opaque(pvalloc(opaque_size(SIZE_MAX - 10)));
  return refused(object, errno);
}
