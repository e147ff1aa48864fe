/* A double free by two threads, neither of which allocated. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  in_thread(free_in_thread, object);
  in_thread(free_in_thread, opaque(object));
  return 0;
}
