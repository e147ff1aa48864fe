/* reallocarray of a product that is above SIZE_MAX; the object stays as it was. */
#include "../support/misuse.h"

int main(void) {
  expect_text("NULL, ENOMEM");
  errno = 0;
  char *object = make_object(SMALL), *next = opaque(reallocarray(object, SIZE_MAX / 2, 3));
  int error = errno;
  if (object[0] != 5 || object[SMALL - 1] != 5) return 2;
  free(object);
  return refused(next, error);
}
