/* A write before the first slot of a page: to the last bytes of the page below, where that one's descriptor ends. */
#include "../support/zone.h"

int main(void) {
  if (is_hardened()) EXPECT(SLM_ERR_OVERFLOW);
  else EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *first = fill_page(zone, 64), *second = fill_page(zone, 64);
  char *lower = first < second ? first : second,
       *upper = (char *)((uintptr_t)(first < second ? second : first) & ~(uintptr_t)4095);
  require((uintptr_t)upper - 1 == ((uintptr_t)lower | 4095));
  memset(opaque(upper - 4), 'x', 4);
  answer(slm_zone_deallocate(zone, lower));
  return 0;
}
