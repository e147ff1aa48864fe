/* A write of 1 byte behind what was asked for last, in a slot that the object kept when it became smaller. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(100), *like = make_object(100);
  memset(object, 'x', 100);
  if (!is_hardened()) expect_text("not found");
  else EXPECT("write behind the end of %p (%s)", object, place_of(like));
  object = opaque(realloc(object, 98));
  if (object == NULL) return 2;
  object[98] = 'x';
  free(opaque(object));
  return not_found();
}
