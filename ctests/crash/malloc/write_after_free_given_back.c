/* A write to a freed large object whose memory went back to the system: calloc takes it for 0, as the system gives it;
 * in a hardened heap it can't be touched. */
#include "../support/misuse.h"

int main(void) {
  expect_text(is_hardened() ? "SIGSEGV" : "not found");
  char *object = make_object(LARGE);
  free(object);
  malloc_trim(0);
  memset(opaque(object), 0xFF, LARGE);
  static char *objects[100];
  size_t written = 0;
  for (size_t i = 0; i < 100; i++) {
    objects[i] = opaque(calloc(1, LARGE));
    if (objects[i] == NULL) abort();
    for (size_t j = 0; j < LARGE; j += 4096) written += objects[i][j] != 0;
  }
  if (written == 0) return 2;
  return not_found();
}
