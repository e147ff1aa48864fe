/* A write behind what was asked for, but within the slot: harmless. */
#include "../support/zone.h"

int main(void) {
  expect_text("not found");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 100);
  require(object != NULL);
  memset(object, 'x', slm_zone_usable_size(zone, object));
  answer_text("not found");
  return small_works_on(zone);
}
