/* The end of a zone, twice. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_NOT_INITIALIZED);
  slm_zone *zone = make_zone();
  require(slm_zone_destroy(zone, NULL) == SLM_OK);
  answer(slm_zone_destroy(zone, NULL));
  return 0;
}
