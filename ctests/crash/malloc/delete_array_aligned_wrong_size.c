/* C++'s sized and aligned delete[] with another size. */
#include "../support/misuse.h"

int main(void) {
  if (_ZdaPvmSt11align_val_t == NULL) return 2;
  char *object = opaque(_ZnwmSt11align_val_t(100, 64));
  expect_wrong_size(object);
  _ZdaPvmSt11align_val_t(object, 1000, 64);
  return not_found();
}
