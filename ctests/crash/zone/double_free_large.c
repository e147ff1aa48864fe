/* A double free on a large page. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *large = slm_zone_allocate(zone, 100000);
  require(large != NULL && slm_zone_deallocate(zone, large) == SLM_OK);
  answer(slm_zone_deallocate(zone, large));
  require(object[0] == 5);
  return works_on(zone, MADE);
}
