/* Options with a flag that is none. */
#include "../support/zone.h"

int main(void) {
  expect_text("NULL");
  slm_options options = SLM_OPTIONS(own_provider());
  options.flags = (uint64_t)1 << 63;
  answer_text(slm_zone_init(&zone_storage, sizeof zone_storage, &options) == NULL ? "NULL" : "a zone");
  return 0;
}
