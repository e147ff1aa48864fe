/* C++'s sized delete with the size of a smaller class: a derived class, deleted as its base. */
#include "../support/misuse.h"

int main(void) {
  if (_ZdlPvm == NULL) return 2;
  char *object = opaque(_Znwm(200));
  expect_wrong_size(object);
  _ZdlPvm(object, 24);
  return not_found();
}
