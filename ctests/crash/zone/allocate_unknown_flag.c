/* A flag that is none. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_ARGUMENT);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  void *out = zone;
  answer(slm_zone_allocate_with(zone, 8, 64, 4, &out));
  require(out == NULL && object[0] == 5);
  return works_on(zone, MADE);
}
