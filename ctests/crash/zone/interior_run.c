/* A pointer into an object with a run of its own, at the start of a page. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INTERIOR_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *large = slm_zone_allocate(zone, 3000000);
  require(large != NULL && object[0] == 5);
  answer(slm_zone_deallocate(zone, large + 65536));
  return works_on(zone, MADE + 1);
}
