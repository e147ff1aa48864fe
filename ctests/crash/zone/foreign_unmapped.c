/* An address where nothing is mapped. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  answer(slm_zone_deallocate(zone, opaque((void *)(uintptr_t)65536)));
  require(object[0] == 5);
  return works_on(zone, MADE);
}
