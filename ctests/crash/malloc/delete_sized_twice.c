/* C++'s sized delete, twice. */
#include "../support/misuse.h"

int main(void) {
  if (_ZdlPvm == NULL) return 2;
  char *object = opaque(_Znwm(64));
  expect_double_free(object);
  _ZdlPvm(object, 64);
  _ZdlPvm(object, 64);
  return not_found();
}
