/* No page. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_BAD_PAGE);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  answer(slm_zone_refill(zone, 8, 64, NULL, 4096));
  return small_works_on(zone);
}
