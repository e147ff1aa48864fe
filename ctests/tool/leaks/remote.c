/* Objects that another thread freed, and whose slab's thread has not collected them, are free. They have the only
 * pointers to lost ones. */
#include "leaks.h"
static SEEN void **holders[10];
static void *free_all(void *argument) {
  for (int i = 0; i < 10; i++) {
    free(holders[i]);
    holders[i] = NULL;
  }
  return argument;
}
static APART void run(void) {
  pthread_t other;
  for (int i = 0; i < 10; i++) {
    holders[i] = malloc(KEPT);
    for (int word = 0; word < KEPT / 8; word++) holders[i][word] = NULL;
    holders[i][20] = malloc(LOST);
  }
  pthread_create(&other, NULL, free_all, NULL);
  pthread_join(other, NULL);
}
int main(void) {
  run();
  return ready(10);
}
