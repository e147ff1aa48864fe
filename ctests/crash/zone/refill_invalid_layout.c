/* A page for a layout that no object can have. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_LAYOUT);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  answer(slm_zone_refill(zone, 24, 64, own.pages[40], 4096));
  return small_works_on(zone);
}
