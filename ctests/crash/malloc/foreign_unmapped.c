/* An address where nothing is mapped. */
#include "../support/misuse.h"

int main(void) {
  char *memory = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  if (munmap(memory, 4 << 20) != 0) return 1;
  expect_foreign(memory + 4096);
  free(opaque(memory + 4096));
  return 0;
}
