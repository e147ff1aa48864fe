/* A list whose links are the exclusive or of both neighbours: no word is the address of an object but the head's. */
#include "leaks.h"
static SEEN uintptr_t *head;
static APART void run(void) {
  uintptr_t *nodes[10];
  for (int i = 0; i < 10; i++) nodes[i] = calloc(1, KEPT);
  for (int i = 0; i < 10; i++)
    nodes[i][0] = (i > 0 ? (uintptr_t)nodes[i - 1] : 0) ^ (i < 9 ? (uintptr_t)nodes[i + 1] : 0);
  head = nodes[4];
  memset(malloc(LOST), 0, LOST);
}
int main(void) {
  run();
  return ready(1);
}
