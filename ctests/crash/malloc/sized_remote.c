/* free_sized with a wrong size, for an object of a thread that has ended. */
#include "../support/misuse.h"

static void *make(void *size) { return make_object(*(size_t *)size); }

int main(void) {
  if (free_sized == NULL) return 2;
  size_t size = SMALL;
  char *object = in_thread(make, &size);
  expect_wrong_size(object);
  free_sized(object, 3000);
  return not_found();
}
