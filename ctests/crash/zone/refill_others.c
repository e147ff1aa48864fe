/* A page that another zone has. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_PAGE_OWNED);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  slm_zone *other = make_zone_in(&other_storage, own_provider());
  require(slm_zone_refill(other, 8, 64, own.pages[40], 4096) == SLM_OK);
  answer(slm_zone_refill(zone, 8, 64, own.pages[40], 4096));
  require(small_works_on(other) == 0);
  return small_works_on(zone);
}
