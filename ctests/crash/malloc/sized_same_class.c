/* free_sized with another size of the same class. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  if (free_sized == NULL) return 2;
  free_sized(make_object(100), 104);
  return not_found();
}
