/* A free in a zone before init. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_NOT_INITIALIZED);
  answer(slm_zone_deallocate((slm_zone *)&zone_storage, &other_storage));
  return 0;
}
