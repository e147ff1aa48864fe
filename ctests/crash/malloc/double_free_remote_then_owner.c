/* A double free: by another thread, then by the one that allocated. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  in_thread(free_in_thread, object);
  free(opaque(object));
  return 0;
}
