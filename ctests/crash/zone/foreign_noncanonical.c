/* An address that no pointer can have. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  answer(slm_zone_deallocate(zone, opaque((void *)((uintptr_t)object | (uintptr_t)1 << 62))));
  return works_on(zone, MADE);
}
