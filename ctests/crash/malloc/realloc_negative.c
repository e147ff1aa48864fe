/* realloc to a size that was negative; the object stays as it was. */
#include "../support/misuse.h"

int main(void) {
  expect_text("NULL, ENOMEM");
  errno = 0;
  char *object = make_object(SMALL), *next = opaque(realloc(object, (size_t)-16));
  int error = errno;
  if (object[0] != 5 || object[SMALL - 1] != 5) return 2;
  free(object);
  return refused(next, error);
}
