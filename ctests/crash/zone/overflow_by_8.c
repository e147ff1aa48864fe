/* A write of 8 bytes behind an object: to the neighbour. */
#include "../support/zone.h"

int main(void) {
  expect_text("not found");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 64), *next = slm_zone_allocate(zone, 64);
  require(object != NULL && next == object + 64);
  memset(opaque(object + 64), 'x', 8);
  require(next[0] == 'x');
  answer_text("not found");
  return small_works_on(zone);
}
