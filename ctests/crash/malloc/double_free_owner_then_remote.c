/* A double free: by the thread that allocated, then by another one. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  free(object);
  in_thread(free_in_thread, opaque(object));
  return 0;
}
