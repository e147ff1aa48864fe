/* A write to an object that another thread has freed. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(SMALL);
  expect_write_after_free(object);
  in_thread(free_in_thread, object);
  *(char *)opaque(object) = 1;
  if (allocate_again(object, SMALL, malloc) == NULL) return 2;
  return not_found();
}
