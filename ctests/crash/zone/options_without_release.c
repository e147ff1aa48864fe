/* Options with a provider that gives pages but takes none. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_ARGUMENT);
  slm_status why = SLM_OK;
  slm_options options = *SLM_OPTIONS(own_provider());
  options.provider.release_page = NULL;
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, &why);
  answer(why);
  return zone == NULL ? 0 : 3;
}
