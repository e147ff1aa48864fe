/* A double free of an object with a run of its own, after eight others ended: its pages are no longer the zone's. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone), *large[9];
  for (size_t i = 0; i < 9; i++) require((large[i] = slm_zone_allocate(zone, 300000 + 70000 * i)) != NULL);
  for (size_t i = 0; i < 9; i++) require(slm_zone_deallocate(zone, large[i]) == SLM_OK);
  answer(slm_zone_deallocate(zone, large[0]));
  require(object[0] == 5);
  return works_on(zone, MADE);
}
