/* A page that the zone has. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_PAGE_OWNED);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  require(slm_zone_refill(zone, 8, 64, own.pages[40], 4096) == SLM_OK);
  answer(slm_zone_refill(zone, 8, 64, own.pages[40], 4096));
  return small_works_on(zone);
}
