/* Options with a flag that is none. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_ARGUMENT);
  slm_status why = SLM_OK;
  slm_options options = *SLM_OPTIONS(own_provider());
  options.flags = (uint64_t)1 << 63;
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, &why);
  answer(why);
  return zone == NULL ? 0 : 3;
}
