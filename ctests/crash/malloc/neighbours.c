/* Whether objects that a new program allocates one after the other lie side by side, so that an attacker can predict
 * that. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "at random" : "side by side");
  char *objects[20];
  size_t beside = 0;
  for (size_t i = 0; i < 20; i++) objects[i] = opaque(malloc(MEDIUM / 20));
  for (size_t i = 1; i < 20; i++) beside += objects[i] == objects[i - 1] + slot_size(objects[i]);
  /* Of random slots, more than half of the 19 are in order once in 10^12 times. */
  answer_text(beside < 10 ? "at random" : "side by side");
  return works_on();
}
