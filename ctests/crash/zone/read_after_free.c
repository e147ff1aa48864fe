/* A read of a freed object gives what was in it. */
#include "../support/zone.h"

int main(void) {
  expect_text("not found");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 64);
  require(object != NULL);
  memset(object, 's', 64);
  require(slm_zone_deallocate(zone, object) == SLM_OK);
  object = opaque(object);
  require(object[0] == 's' && object[63] == 's');
  answer_text("not found");
  return small_works_on(zone);
}
