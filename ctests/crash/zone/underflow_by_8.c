/* A write of 8 bytes before an object: to the end of the slot below, which is found when that one is freed. */
#include "../support/zone.h"

int main(void) {
  if (is_hardened()) EXPECT(SLM_ERR_OVERFLOW);
  else EXPECT(SLM_OK);
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  /* More than a page: one in it has a neighbour. */
  char *objects[80], *below = NULL, *object = NULL;
  for (size_t i = 0; i < 80; i++) require((objects[i] = slm_zone_allocate(zone, 64)) != NULL);
  for (size_t i = 0; i < 80 * 80 && object == NULL; i++) {
    below = objects[i / 80];
    if (objects[i % 80] == below + slot_size(zone, below)) object = objects[i % 80];
  }
  require(object != NULL);
  memset(opaque(object - 8), 'x', 8);
  require(slm_zone_deallocate(zone, object) == SLM_OK);
  answer(slm_zone_deallocate(zone, below));
  return small_works_on(zone);
}
