/* A tree of 31 objects below a global, from which one of seven is cut off. */
#include "leaks.h"
static SEEN struct node *root;
static APART struct node *tree(int depth, size_t size) {
  struct node *node = calloc(1, size);
  if (depth > 1) {
    node->next = tree(depth - 1, size);
    node->other = tree(depth - 1, size);
  }
  return node;
}
static APART void run(void) {
  root = tree(5, KEPT);
  struct node *place = root->next->other;
  struct node *rest = place->next;
  place->next = tree(3, LOST);
  place->next = rest;
}
int main(void) {
  run();
  return ready(7);
}
