/* A program with thousands of slabs, of whose objects it touches none, and more all the time: its pictures differ. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { MANY = 260000, FIRST = 200000, STEP = 500 };
static void *objects[MANY];

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct pollfd input = {0, POLLIN, 0};
  for (int i = 0; i < MANY; i++) {
    objects[i] = malloc(64 + (size_t)(i * 7919 % 50000));
    if (i % 3 == 0) free(objects[i / 2]), objects[i / 2] = NULL;
    if (i == FIRST) puts("ready 0");
    if (i > FIRST && i % STEP == 0 && poll(&input, 1, 50) != 0) return 0;
  }
  poll(&input, 1, -1);
  return 0;
}
