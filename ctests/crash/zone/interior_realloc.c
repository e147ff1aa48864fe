/* A pointer into an object, given to reallocate. */
#include "../support/zone.h"

int main(void) {
  expect_text("NULL");
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  answer_text(slm_zone_reallocate(zone, object + 16, 500) == NULL ? "NULL" : "an object");
  return works_on(zone, MADE);
}
