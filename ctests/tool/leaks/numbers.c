/* Numbers that happen to be the addresses of lost objects: a conservative scan takes them for pointers. */
#include "leaks.h"
static SEEN uintptr_t numbers[5];
static APART void run(void) {
  for (int i = 0; i < 5; i++) numbers[i] = (uintptr_t)malloc(LOST);
}
int main(void) {
  run();
  return ready(5);
}
