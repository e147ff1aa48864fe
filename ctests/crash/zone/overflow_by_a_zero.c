/* A string that is one too long: its last byte, 0, goes to the neighbour, or to a canary, whose first byte is 0. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 64), *other = slm_zone_allocate(zone, 64);
  require(object != NULL && other != NULL);
  size_t usable = slm_zone_usable_size(zone, object);
  memset(object, 'x', usable);
  if (is_hardened()) require(strlen(opaque(object)) == usable); /* and a string without an end shows nothing */
  object[usable] = 0;
  answer(slm_zone_deallocate(zone, object));
  return small_works_on(zone);
}
