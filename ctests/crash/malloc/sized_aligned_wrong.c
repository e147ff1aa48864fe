/* free_aligned_sized with a wrong size. */
#include "../support/misuse.h"

int main(void) {
  if (free_aligned_sized == NULL) return 2;
  char *object = opaque(aligned_alloc(64, 256));
  expect_wrong_size(object);
  free_aligned_sized(object, 64, 5000);
  return not_found();
}
