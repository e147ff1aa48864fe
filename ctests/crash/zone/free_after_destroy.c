/* A free of an object of a zone that has ended. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_NOT_INITIALIZED);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  require(slm_zone_destroy(zone, NULL) == SLM_OK);
  answer(slm_zone_deallocate(zone, object));
  return 0;
}
