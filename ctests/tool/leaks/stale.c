/* What only freed objects point to is lost: free memory still has the pointers. */
#include "leaks.h"
static APART void run(void) {
  void **holders[10];
  for (int i = 0; i < 10; i++) {
    holders[i] = malloc(200);
    for (int word = 2; word < 25; word++) holders[i][word] = NULL;
    holders[i][20] = malloc(LOST);
  }
  for (int i = 0; i < 10; i++) free(holders[i]);
}
int main(void) {
  run();
  return ready(10);
}
