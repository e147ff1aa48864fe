/* Pointers with a number in their lowest bits, as trees have them for colours. */
#include "leaks.h"
static SEEN uintptr_t tagged[7];
static APART void run(void) {
  for (uintptr_t i = 0; i < 7; i++) {
    tagged[i] = (uintptr_t)malloc(KEPT) | (i + 1);
    memset(malloc(LOST), 0, LOST);
  }
}
int main(void) {
  run();
  return ready(7);
}
