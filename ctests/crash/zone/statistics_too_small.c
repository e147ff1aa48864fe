/* A struct for statistics that is too small. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_ARGUMENT);
  slm_zone *zone = make_zone();
  slm_statistics out = {.struct_size = 8, .slots_live = 99};
  answer(slm_zone_statistics(zone, &out));
  require(out.slots_live == 99);
  return works_on(zone, 0);
}
