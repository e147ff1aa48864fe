/* A list of ten whose head is lost, and one whose head is a global. */
#include "leaks.h"
static SEEN struct node *head;
static APART struct node *list(size_t size) {
  struct node *first = NULL;
  for (int i = 0; i < 10; i++) {
    struct node *node = malloc(size);
    node->next = first;
    node->other = NULL;
    first = node;
  }
  return first;
}
int main(void) {
  head = list(KEPT);
  list(LOST);
  return ready(10);
}
