/* A pointer to the end of a page, where the zone keeps what it knows of the page. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INTERIOR_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  answer(slm_zone_deallocate(zone, (char *)((uintptr_t)object | 65535) - 63));
  return works_on(zone, MADE);
}
