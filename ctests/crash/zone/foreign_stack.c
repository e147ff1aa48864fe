/* The address of a local variable. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  _Alignas(64) char local[64] = "local";
  answer(slm_zone_deallocate(zone, opaque(local)));
  require(object[0] == 5);
  return works_on(zone, MADE);
}
