/* C++'s sized delete with the size of a larger class. */
#include "../support/misuse.h"

int main(void) {
  if (_ZdlPvm == NULL) return 2;
  char *object = opaque(_Znwm(64));
  expect_wrong_size(object);
  _ZdlPvm(object, 8192);
  return not_found();
}
