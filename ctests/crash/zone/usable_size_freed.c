/* usable_size of a freed object. */
#include "../support/zone.h"

int main(void) {
  expect_text("0");
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  require(slm_zone_deallocate(zone, object) == SLM_OK);
  answer_text(slm_zone_usable_size(zone, object) == 0 ? "0" : "a size");
  return works_on(zone, MADE - 1);
}
