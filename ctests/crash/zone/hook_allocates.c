/* The provider asks the zone that asks it, which would need a further page. */
#include "../support/zone.h"

static slm_zone *zone_of_hook;

static void hook(void) {
  void *out = zone_of_hook;
  answer(slm_zone_allocate_with(zone_of_hook, 8, 64, 0, &out));
  require(out == NULL);
}

int main(void) {
  EXPECT(SLM_ERR_REENTRANT);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  zone_of_hook = zone;
  own.hook = hook;
  require(slm_zone_allocate(zone, 64) != NULL);
  return small_works_on(zone);
}
