/* A provider that gives a misaligned page. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_BAD_PAGE);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  void *out = zone;
  own.next = own.pages[40] + 8;
  answer(slm_zone_allocate_with(zone, 8, 64, 0, &out));
  require(out == NULL);
  return small_works_on(zone);
}
