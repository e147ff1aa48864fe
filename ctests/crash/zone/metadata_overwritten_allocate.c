/* A write past the last slot of a page, over the zone's own words, which then say that every slot is free: what is
 * allocated is an object that is in use. A hardened zone finds the write first. */
#include "../support/zone.h"

int main(void) {
  if (is_hardened()) EXPECT(SLM_ERR_OVERFLOW);
  else EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *last = fill_page(zone, 64), *page = (char *)((uintptr_t)last & ~(uintptr_t)4095);
  void *next = NULL;
  /* More than a quarantine takes. */
  for (size_t i = 0; i < 40; i++) require(slm_zone_deallocate(zone, page + i * slot_size(zone, last)) == SLM_OK);
  memset(opaque(last + slm_zone_usable_size(zone, last)), 0xFF,
         words_end(last) - (last + slm_zone_usable_size(zone, last)));
  answer(slm_zone_allocate_with(zone, 8, 64, 0, &next));
  return 0;
}
