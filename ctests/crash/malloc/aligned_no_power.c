/* aligned_alloc with an alignment that is no power of two. */
#include "../support/misuse.h"

int main(void) {
  expect_text("NULL, EINVAL");
  errno = 0;
  void *object = opaque(aligned_alloc(opaque_size(48), 96));
  return refused(object, errno);
}
