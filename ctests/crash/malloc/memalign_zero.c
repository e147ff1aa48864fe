/* posix_memalign with the alignment 0. */
#include "../support/misuse.h"

int main(void) {
  expect_text("NULL, EINVAL");
  errno = 0;
  void *object = NULL;
  int error = posix_memalign(&object, opaque_size(0), 64);
  return refused(object, error);
}
