/* A page of constants that the program wrote, and then protected, has the only pointers. */
#include "leaks.h"
static SEEN void *table[4096 / sizeof(void *)] __attribute__((aligned(4096)));
static APART void run(void) {
  for (int i = 0; i < 10; i++) {
    table[i] = malloc(KEPT);
    memset(malloc(LOST), 0, LOST);
  }
  if (mprotect(table, sizeof table, PROT_READ) != 0) abort();
}
int main(void) {
  run();
  return ready(10);
}
