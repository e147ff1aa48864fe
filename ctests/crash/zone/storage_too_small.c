/* Storage for a zone that is too small. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_ARGUMENT);
  slm_status why = SLM_OK;
  slm_zone *zone = slm_zone_init(&zone_storage, slm_zone_storage_size(NULL) / 2, NULL, &why);
  answer(why);
  return zone == NULL ? 0 : 3;
}
