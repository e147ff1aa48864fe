/* A double free by cfree, the old name. */
#include "../support/misuse.h"

#include <dlfcn.h>

int main(void) {
  void (*old_free)(void *) = dlsym(RTLD_DEFAULT, "cfree");
  if (old_free == NULL) return 2;
  char *object = make_object(SMALL);
  expect_double_free(object);
  old_free(object);
  old_free(opaque(object));
  return 0;
}
