/* Memory of another allocator: of sbrk. */
#include "../support/misuse.h"

#include <unistd.h>

int main(void) {
  char *memory = sbrk(65536);
  if (memory == (char *)-1) return 2;
  expect_foreign(memory + 64);
  free(opaque(memory + 64));
  return 0;
}
