/* A read of a new object gives what its former owner left. */
#include "../support/zone.h"

int main(void) {
  expect_text("not found");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *first = slm_zone_allocate(zone, 64), *object = slm_zone_allocate(zone, 64);
  require(first != NULL && object != NULL);
  memset(object, 's', 64);
  require(slm_zone_deallocate(zone, object) == SLM_OK);
  require(slm_zone_allocate(zone, 64) == object && object[0] == 's' && object[63] == 's');
  answer_text("not found");
  return small_works_on(zone);
}
