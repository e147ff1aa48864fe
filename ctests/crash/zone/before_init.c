/* Use of a zone before init: its storage is all zeros. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_NOT_INITIALIZED);
  void *out = &zone_storage;
  answer(slm_zone_allocate_with((slm_zone *)&zone_storage, 8, 64, 0, &out));
  return out == NULL ? 0 : 2;
}
