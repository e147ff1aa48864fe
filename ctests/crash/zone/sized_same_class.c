/* Another size of the same class. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_OK);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *hundred = slm_zone_allocate(zone, 100);
  require(hundred != NULL && object[0] == 5);
  answer(slm_zone_deallocate_sized(zone, hundred, 104));
  return works_on(zone, MADE);
}
