/* The provider asks the zone that asks it, which can serve it without a page. */
#include "../support/zone.h"

static slm_zone *zone_of_hook;

static void hook(void) {
  void *out = NULL;
  answer(slm_zone_allocate_with(zone_of_hook, 8, 64, 0, &out));
  require(out != NULL);
}

int main(void) {
  EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  zone_of_hook = zone;
  require(slm_zone_allocate(zone, 64) != NULL);
  own.hook = hook;
  require(slm_zone_allocate(zone, 512) != NULL && own.hook == NULL);
  return small_works_on(zone);
}
