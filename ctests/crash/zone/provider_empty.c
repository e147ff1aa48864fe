/* A provider that has no page. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_OUT_OF_MEMORY);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  void *out = zone;
  size_t given = own.given;
  own.given = 64;
  answer(slm_zone_allocate_with(zone, 8, 64, 0, &out));
  require(out == NULL);
  own.given = given;
  return small_works_on(zone);
}
