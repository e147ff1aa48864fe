/* aligned_alloc of a size that overflows when it is rounded up. */
#include "../support/misuse.h"

int main(void) {
  expect_text("NULL, ENOMEM");
  errno = 0;
  void *object = opaque(aligned_alloc(4096, SIZE_MAX - 100));
  return refused(object, errno);
}
