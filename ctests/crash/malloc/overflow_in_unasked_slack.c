/* A write of 1 byte behind what was asked for, within a slot whose usable size nobody has asked for. */
#include "../support/misuse.h"

int main(void) {
  char *object = make_object(100), *like = make_object(100);
  if (!is_hardened()) expect_text("not found");
  else EXPECT("write behind the end of %p (%s)", object, place_of(like));
  object[100] = 'x';
  free(opaque(object));
  return not_found();
}
