/* A page of another size than the layout needs. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_WRONG_PAGE_SIZE);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  answer(slm_zone_refill(zone, 8, 64, own.pages[32], 65536));
  return small_works_on(zone);
}
