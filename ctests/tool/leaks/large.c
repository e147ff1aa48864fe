/* Large objects: three lost ones, one of which is all that keeps a small one, and three in use, of which one is kept by
 * the end of another. */
#include "leaks.h"
static SEEN char *first, *second;
static APART void run(void) {
  first = calloc(1, KEPT_LARGE);
  second = malloc(KEPT_LARGE);
  ((void **)first)[KEPT_LARGE / 8 - 1] = malloc(KEPT_LARGE);
  for (int i = 0; i < 2; i++) memset(malloc(LOST_LARGE), 1, LOST_LARGE);
  void **holder = calloc(1, LOST_LARGE);
  holder[5000] = calloc(1, LOST);
}
int main(void) {
  run();
  return ready(4);
}
