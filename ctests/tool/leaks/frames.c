/* Frames of calls that have returned still have pointers, below the stack pointer: those objects are lost. */
#include "leaks.h"
static APART int deep(int left) {
  char room[20000];
  void *volatile mine = malloc(LOST);
  memset(room, left, sizeof room);
  return left == 1 ? room[5] : deep(left - 1) + room[left] + (mine == NULL);
}
int main(void) {
  deep(20);
  return ready(20);
}
