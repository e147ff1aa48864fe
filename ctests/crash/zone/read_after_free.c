/* A read of a freed object gives what was in it, or 0. */
#include "../support/zone.h"

int main(void) {
  expect_text(is_hardened() ? "0" : "what was in it");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 64);
  require(object != NULL);
  memset(object, 's', 64);
  require(slm_zone_deallocate(zone, object) == SLM_OK);
  object = opaque(object);
  require(object[0] == object[63]);
  answer_text(object[0] == 's' ? "what was in it" : object[0] == 0 ? "0" : "something else");
  return small_works_on(zone);
}
