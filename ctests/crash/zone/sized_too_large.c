/* A size of a larger class. */
#include "../support/zone.h"

int main(void) {
  EXPECT_UNLESS_FAST(SLM_ERR_LAYOUT_MISMATCH);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  answer(slm_zone_deallocate_sized(zone, object, 4000));
  return works_on(zone, MADE - is_fast());
}
