/* Options with a provider that gives pages but takes none. */
#include "../support/zone.h"

int main(void) {
  expect_text("NULL");
  slm_options options = SLM_OPTIONS(own_provider());
  options.provider.release_page = NULL;
  answer_text(slm_zone_init(&zone_storage, sizeof zone_storage, &options) == NULL ? "NULL" : "a zone");
  return 0;
}
