/* A free of the pointer that reallocate has moved the object away from. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *moved = slm_zone_reallocate(zone, object, 5000);
  require(moved != NULL && moved != object);
  answer(slm_zone_deallocate(zone, opaque(object)));
  return works_on(zone, MADE);
}
