/* A page of the program's own that may not be read. */
#include "../support/misuse.h"

int main(void) {
  char *memory = mmap(NULL, 4 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  expect_foreign(memory + (2 << 20));
  free(opaque(memory + (2 << 20)));
  return 0;
}
