/* Objects that a new program allocates one after the other lie side by side: an attacker can predict that. */
#include "../support/misuse.h"

int main(void) {
  expect_text("not found");
  char *objects[20];
  size_t beside = 0;
  for (size_t i = 0; i < 20; i++) objects[i] = opaque(malloc(MEDIUM / 20));
  for (size_t i = 1; i < 20; i++) beside += objects[i] == objects[i - 1] + malloc_usable_size(objects[i]);
  if (beside < 10) return 2;
  answer_text("not found");
  return works_on();
}
