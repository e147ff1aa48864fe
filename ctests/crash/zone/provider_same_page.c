/* A provider that gives a page twice. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_PAGE_OWNED);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  void *out = zone;
  require(slm_zone_allocate(zone, 64) != NULL);
  own.next = own.pages[0];
  answer(slm_zone_allocate_with(zone, 8, 512, 0, &out));
  require(out == NULL);
  return small_works_on(zone);
}
