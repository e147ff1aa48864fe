/* C++'s sized delete[] of a large object with another size. */
#include "../support/misuse.h"

int main(void) {
  if (_ZdaPvm == NULL) return 2;
  char *object = opaque(_Znwm(LARGE));
  expect_wrong_size(object);
  _ZdaPvm(object, LARGE / 2);
  return not_found();
}
