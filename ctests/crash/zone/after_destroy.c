/* Use of a zone after its end. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_NOT_INITIALIZED);
  slm_zone *zone = make_zone();
  void *out = zone;
  require(slm_zone_destroy(zone, NULL) == SLM_OK);
  answer(slm_zone_allocate_with(zone, 8, 64, 0, &out));
  return out == NULL ? 0 : 2;
}
