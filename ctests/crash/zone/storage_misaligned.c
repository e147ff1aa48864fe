/* Storage for a zone that is misaligned. */
#include "../support/zone.h"

int main(void) {
  expect_text("NULL");
  slm_zone *zone = slm_zone_init(zone_storage.bytes + 8, sizeof zone_storage - 8, NULL, NULL);
  answer_text(zone == NULL ? "NULL" : "a zone");
  return 0;
}
