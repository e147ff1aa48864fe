/* Objects that realloc moved: the old places are free, and the new ones of half of them are lost. */
#include "leaks.h"
static SEEN void *array[10];
static APART void run(void) {
  void *old[20];
  for (int i = 0; i < 20; i++) old[i] = malloc(40);
  for (int i = 0; i < 10; i++) array[i] = realloc(old[i], KEPT);
  for (int i = 10; i < 20; i++) old[i] = realloc(old[i], LOST);
}
int main(void) {
  run();
  return ready(10);
}
