/* Alignment that is no power of two, to free. */
#include "../support/zone.h"

int main(void) {
  EXPECT_UNLESS_FAST(SLM_ERR_INVALID_LAYOUT);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  answer(slm_zone_deallocate_aligned_sized(zone, object, 48, 64));
  return works_on(zone, MADE - is_fast());
}
