/* A size that no run can have. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_LAYOUT);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  void *out = zone;
  answer(slm_zone_allocate_with(zone, 8, PTRDIFF_MAX, 0, &out));
  require(out == NULL && object[0] == 5);
  return works_on(zone, MADE);
}
