/* A write of 1 byte behind an object: to the neighbour, or to a canary. */
#include "../support/zone.h"

int main(void) {
  if (is_hardened()) EXPECT(SLM_ERR_OVERFLOW);
  else EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 64), *other = slm_zone_allocate(zone, 64);
  require(object != NULL && other != NULL);
  object[slm_zone_usable_size(zone, object)] = 'x';
  answer(slm_zone_deallocate(zone, object));
  return small_works_on(zone);
}
