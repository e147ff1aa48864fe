/* A double free, with the right size. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  require(slm_zone_deallocate_sized(zone, object, 64) == SLM_OK);
  answer(slm_zone_deallocate_sized(zone, object, 64));
  return works_on(zone, MADE - 1);
}
