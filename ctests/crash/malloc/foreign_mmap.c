/* A page of the program's own mmap. */
#include "../support/misuse.h"

int main(void) {
  char *memory = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  memset(memory, 0xFF, 4 << 20);
  expect_foreign(memory + (1 << 20));
  free(opaque(memory + (1 << 20)));
  return 0;
}
