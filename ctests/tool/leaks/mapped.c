/* Pages that the program has mapped itself have the only pointers: an arena, and memory that processes share. */
#include "leaks.h"
static SEEN void **arena, **shared;
static APART void run(void) {
  arena = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  shared = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 10; i++) {
    arena[i * 1000] = malloc(KEPT);
    shared[i * 1000] = malloc(KEPT);
    memset(malloc(LOST), 0, LOST);
  }
}
int main(void) {
  run();
  return ready(10);
}
