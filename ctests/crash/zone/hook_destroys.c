/* The provider ends the zone that asks it for a page. */
#include "../support/zone.h"

static slm_zone *zone_of_hook;

static void hook(void) { require(slm_zone_destroy(zone_of_hook, NULL) == SLM_OK); }

int main(void) {
  EXPECT(SLM_ERR_NOT_INITIALIZED);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  zone_of_hook = zone;
  own.hook = hook;
  void *out = zone;
  answer(slm_zone_allocate_with(zone, 8, 64, 0, &out));
  require(out == NULL);
  return slm_zone_destroy(zone, NULL) == SLM_ERR_NOT_INITIALIZED ? 0 : 3;
}
