/* A write to a freed object: it goes to nobody or to the next owner, or is found when there would be one. */
#include "../support/zone.h"

int main(void) {
  if (is_hardened()) EXPECT(SLM_ERR_WRITE_AFTER_FREE);
  else EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  char *object = slm_zone_allocate(zone, 64), *other = slm_zone_allocate(zone, 64);
  require(object != NULL && other != NULL && slm_zone_deallocate(zone, object) == SLM_OK);
  memset(opaque(object), 0xFF, 64);
  require(slm_zone_deallocate(zone, object) == SLM_ERR_DOUBLE_FREE);
  answer(allocate_again(zone, object));
  return 0;
}
