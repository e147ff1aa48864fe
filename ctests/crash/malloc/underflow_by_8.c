/* A write of 8 bytes before an object: to the end of the slot below, which is found when that one is freed. */
#include "../support/misuse.h"

int main(void) {
  char *objects[200], *below = NULL, *object = NULL;
  for (size_t i = 0; i < 200; i++) objects[i] = opaque(malloc(SMALL));
  for (size_t i = 0; i < 200 * 200 && object == NULL; i++) {
    below = objects[i / 200];
    if (objects[i % 200] == below + slot_size(below)) object = objects[i % 200];
  }
  if (object == NULL) return 2;
  expect_overflow(below);
  memset(opaque(object - 8), 'x', 8);
  free(object);
  free(below);
  return not_found();
}
