/* A write to a freed object: nothing of the zone is there. */
#include "../support/zone.h"

int main(void) {
  expect_text("not found");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 64), *other = slm_zone_allocate(zone, 64);
  require(object != NULL && other != NULL && slm_zone_deallocate(zone, object) == SLM_OK);
  memset(opaque(object), 0xFF, 64);
  require(slm_zone_deallocate(zone, object) == SLM_ERR_DOUBLE_FREE);
  answer_text("not found");
  return small_works_on(zone);
}
