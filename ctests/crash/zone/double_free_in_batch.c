/* The same object twice in a batch: the others go. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  void *batch[] = {object, slm_zone_allocate(zone, 100), object};
  size_t done = 0;
  answer(slm_zone_deallocate_batch(zone, batch, 3, &done));
  require(done == 2);
  return works_on(zone, MADE - 1);
}
