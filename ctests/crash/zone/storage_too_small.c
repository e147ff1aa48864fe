/* Storage for a zone that is too small. */
#include "../support/zone.h"

int main(void) {
  expect_text("NULL");
  slm_zone *zone = slm_zone_init(&zone_storage, slm_zone_storage_size() / 2, NULL);
  answer_text(zone == NULL ? "NULL" : "a zone");
  return 0;
}
