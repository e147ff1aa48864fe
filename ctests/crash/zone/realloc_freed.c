/* reallocate of a freed object. */
#include "../support/zone.h"

int main(void) {
  expect_text("NULL");
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  require(slm_zone_deallocate(zone, object) == SLM_OK);
  answer_text(slm_zone_reallocate(zone, object, 500) == NULL ? "NULL" : "an object");
  return works_on(zone, MADE - 1);
}
