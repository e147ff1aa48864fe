/* The end of a zone whose pages have nowhere to go. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_NO_PROVIDER);
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, NULL, NULL);
  require(zone != NULL && slm_zone_refill(zone, 8, 64, own.pages[0], 4096) == SLM_OK);
  answer(slm_zone_destroy(zone, NULL));
  require(slm_zone_reclaim_page(zone, 4096) == own.pages[0]);
  return slm_zone_destroy(zone, NULL) == SLM_OK ? 0 : 3;
}
