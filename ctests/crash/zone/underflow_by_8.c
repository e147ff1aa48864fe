/* A write of 8 bytes before an object: to the neighbour. */
#include "../support/zone.h"

int main(void) {
  expect_text("not found");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *first = slm_zone_allocate(zone, 64), *object = slm_zone_allocate(zone, 64);
  require(first != NULL && object == first + 64);
  memset(opaque(object - 8), 'x', 8);
  require(first[63] == 'x');
  answer_text("not found");
  return small_works_on(zone);
}
