/* free_sized with another size of the same class. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  if (free_sized == NULL) return 2;
  free_sized(make_object(100), 112);
  answer_text("not found");
  return works_on();
}
