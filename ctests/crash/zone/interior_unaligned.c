/* A pointer into an object, at an odd address. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INTERIOR_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  answer(slm_zone_deallocate(zone, object + 1));
  return works_on(zone, MADE);
}
