/* Ten objects lost one by one, and ten in a global array. */
#include "leaks.h"
static SEEN void *array[10];
static APART void run(void) {
  for (int i = 0; i < 10; i++) {
    array[i] = malloc(KEPT);
    memset(malloc(LOST), 'x', LOST);
  }
}
int main(void) {
  run();
  return ready(10);
}
