/* An object of malloc. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *of_malloc = malloc(64);
  require(of_malloc != NULL && object[0] == 5);
  answer(slm_zone_deallocate(zone, opaque(of_malloc)));
  free(of_malloc);
  return works_on(zone, MADE);
}
