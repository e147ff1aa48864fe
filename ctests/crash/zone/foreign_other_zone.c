/* An object of another zone. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  slm_zone *other = make_zone_in(&other_storage, slm_mmap_provider());
  char *foreign = make_object(other);
  require(object[0] == 5);
  answer(slm_zone_deallocate(zone, foreign));
  require(works_on(other, MADE) == 0);
  return works_on(zone, MADE);
}
