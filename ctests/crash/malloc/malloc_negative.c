/* malloc of a size that was negative. */
#include "../support/misuse.h"

#include <stddef.h>

int main(void) {
  expect_text("NULL, ENOMEM");
  errno = 0;
  void *object = opaque(malloc((size_t)(ptrdiff_t)-16));
  return refused(object, errno);
}
