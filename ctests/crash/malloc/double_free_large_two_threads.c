/* A double free of a large object by two threads. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(LARGE);
  expect_double_free(object);
  in_thread(free_in_thread, object);
  in_thread(free_in_thread, opaque(object));
  return 0;
}
