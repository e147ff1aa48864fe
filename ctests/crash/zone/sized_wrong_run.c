/* A size of another number of pages, for an object with a run of its own. */
#include "../support/zone.h"

int main(void) {
  EXPECT_UNLESS_FAST(SLM_ERR_LAYOUT_MISMATCH);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *large = slm_zone_allocate(zone, 3000000);
  require(large != NULL && object[0] == 5);
  answer(slm_zone_deallocate_sized(zone, large, 1000000));
  return works_on(zone, is_fast() ? MADE : MADE + 1);
}
