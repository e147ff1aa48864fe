/* The provider frees an object of the zone that asks it for a page, twice. */
#include "../support/zone.h"

static slm_zone *zone_of_hook;
static void *object;

static void hook(void) {
  require(slm_zone_deallocate(zone_of_hook, object) == SLM_OK);
  answer(slm_zone_deallocate(zone_of_hook, object));
}

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  zone_of_hook = zone;
  object = slm_zone_allocate(zone, 64);
  own.hook = hook;
  require(object != NULL && slm_zone_allocate(zone, 512) != NULL && own.hook == NULL);
  return small_works_on(zone);
}
