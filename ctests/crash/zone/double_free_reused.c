/* A second free after the slot was handed out again: it frees the new owner's object, which nothing tells. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_OK);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *kept = slm_zone_allocate(zone, 500), *first = slm_zone_allocate(zone, 500);
  require(kept != NULL && first != NULL && slm_zone_deallocate(zone, first) == SLM_OK);
  /* A hardened zone hands it out again in the end. */
  char *next = slm_zone_allocate(zone, 500);
  for (size_t i = 0; i < 100000 && next != first; i++) {
    require(slm_zone_deallocate(zone, next) == SLM_OK);
    next = slm_zone_allocate(zone, 500);
  }
  require(next == first);
  require(object[0] == 5);
  answer(slm_zone_deallocate(zone, first));
  return works_on(zone, MADE + 1);
}
