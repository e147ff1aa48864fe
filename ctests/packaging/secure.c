/* A program for check-setuid.sh: exit status 0 if the kernel gave it more rights than its caller has, else 1. */
#include <stdlib.h>
#include <sys/auxv.h>

static void *(*volatile allocate)(size_t) = malloc;

int main(void) {
  free(allocate(1 << 20));
  return getauxval(AT_SECURE) != 0 ? 0 : 1;
}
