/* C++'s sized and aligned delete with another alignment, which has another class. */
#include "../support/misuse.h"

int main(void) {
  if (_ZdlPvmSt11align_val_t == NULL) return 2;
  char *object = opaque(_ZnwmSt11align_val_t(100, 64));
  expect_wrong_size(object);
  _ZdlPvmSt11align_val_t(object, 100, 512);
  return not_found();
}
