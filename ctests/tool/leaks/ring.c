/* Ten objects in a ring, each of which the next points to, and nothing else does. */
#include "leaks.h"
static APART void run(void) {
  struct node *nodes[10];
  for (int i = 0; i < 10; i++) nodes[i] = malloc(LOST);
  for (int i = 0; i < 10; i++) nodes[i]->next = nodes[(i + 1) % 10], nodes[i]->other = NULL;
}
int main(void) {
  run();
  return ready(10);
}
