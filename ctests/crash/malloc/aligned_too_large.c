/* aligned_alloc with the largest power of two as its alignment. */
#include "../support/misuse.h"

int main(void) {
  expect_text("NULL, ENOMEM");
  errno = 0;
  void *object = opaque(aligned_alloc(opaque_size((size_t)1 << 63), 64));
  return refused(object, errno);
}
