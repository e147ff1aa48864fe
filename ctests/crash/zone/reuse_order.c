/* An object that is freed right after it was allocated is the next one: an attacker can predict that. */
#include "../support/zone.h"

int main(void) {
  expect_text("not found");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *first = slm_zone_allocate(zone, 64), *object = slm_zone_allocate(zone, 64);
  require(first != NULL && object != NULL && slm_zone_deallocate(zone, object) == SLM_OK);
  require(slm_zone_allocate(zone, 64) == object);
  answer_text("not found");
  return small_works_on(zone);
}
