/* The address of a global variable. */
#include "../support/zone.h"

static _Alignas(64) char global[64];

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  answer(slm_zone_deallocate(zone, opaque(global)));
  require(object[0] == 5);
  return works_on(zone, MADE);
}
