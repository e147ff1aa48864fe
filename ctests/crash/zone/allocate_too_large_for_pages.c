/* A size above a large page, of a provider that gives single pages alone. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_LAYOUT);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = make_object(zone);
  void *out = zone;
  answer(slm_zone_allocate_with(zone, 8, SLM_LARGE_PAGE_SIZE + 1, 0, &out));
  require(out == NULL && object[0] == 5);
  return small_works_on(zone);
}
