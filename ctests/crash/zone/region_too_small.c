/* A buffer for a region that holds no page. */
#include "../support/zone.h"

static _Alignas(4096) unsigned char buffer[4096];

int main(void) {
  EXPECT(SLM_ERR_INVALID_ARGUMENT);
  slm_status why = SLM_OK;
  slm_region *region = slm_region_init(buffer, sizeof buffer, 4096, &why);
  answer(why);
  return region == NULL ? 0 : 3;
}
