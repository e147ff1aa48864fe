/* A double free after the object's page went back to the provider. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *only = slm_zone_allocate(zone, 3000);
  require(only != NULL && slm_zone_deallocate(zone, only) == SLM_OK);
  require(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL) == SLM_OK);
  answer(slm_zone_deallocate(zone, only));
  require(object[0] == 5);
  return works_on(zone, MADE);
}
