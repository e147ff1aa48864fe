/* A program that loses 100,000 bytes, of 1,001 objects that it allocates. */
#include <stdlib.h>
#include <string.h>

enum { LOST = 100000 };

static void *(*volatile allocate)(size_t) = malloc;
static void (*volatile release)(void *) = free;

__attribute__((noinline)) static void lose(void) { memset(allocate(LOST), 1, LOST); }

int main(void) {
  for (int i = 0; i < 1000; i++) release(allocate(100));
  lose();
  return 0;
}
