/* A write past the last slot of a page, over the zone's own words: the zone believes them, and a double free passes; in a hardened one
 * it is refused, as the freed object has no canary. */
#include "../support/zone.h"

int main(void) {
  if (is_hardened()) EXPECT(SLM_ERR_OVERFLOW);
  else EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 64), *other = slm_zone_allocate(zone, 64);
  require(object != NULL && other != NULL);
  /* The word of the first 64 slots lies before the page's last 64 bytes: 0 is "all in use" in both its halves. */
  char *end = (char *)((uintptr_t)object | 4095) + 1;
  require(slm_zone_deallocate(zone, object) == SLM_OK && slm_zone_deallocate(zone, object) == SLM_ERR_DOUBLE_FREE);
  memset(opaque(end - 80), 0, 16);
  answer(slm_zone_deallocate(zone, object));
  return 0;
}
