/* C++'s aligned delete of an object that no operator new gave this alignment. */
#include "../support/misuse.h"

int main(void) {
  if (_ZdlPvSt11align_val_t == NULL) return 2;
  char *object = opaque(_Znwm(100));
  expect_wrong_size(object);
  _ZdlPvSt11align_val_t(object, 4096);
  return not_found();
}
