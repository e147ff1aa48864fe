/* A table of 64 MiB, of which one page was written to: what lies there is in use. */
#include "leaks.h"
static SEEN void **table;
static APART void run(void) {
  table = calloc(1, 64 << 20);
  table[7000000] = malloc(KEPT);
  memset(malloc(LOST), 0, LOST);
}
int main(void) {
  run();
  return ready(1);
}
