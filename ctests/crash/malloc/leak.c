/* An object that is never freed: only the statistics show it. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  for (size_t i = 0; i < 1000; i++) make_object(SMALL);
  return not_found();
}
