/* A write past the last slot of a page, over the zone's own words, which then say that every slot is in use: the zone
 * believes them, and a double free passes. A hardened one finds the write first. */
#include "../support/zone.h"

int main(void) {
  if (is_hardened()) EXPECT(SLM_ERR_OVERFLOW);
  else EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *last = fill_page(zone, 64), *object = (char *)((uintptr_t)last & ~(uintptr_t)4095);
  require(slm_zone_deallocate(zone, object) == SLM_OK && slm_zone_deallocate(zone, object) == SLM_ERR_DOUBLE_FREE);
  memset(opaque(last + slm_zone_usable_size(zone, last)), 0,
         words_end(last) - (last + slm_zone_usable_size(zone, last)));
  answer(slm_zone_deallocate(zone, object));
  return 0;
}
