/* A buffer for a region that holds no page. */
#include "../support/zone.h"

static _Alignas(4096) unsigned char buffer[4096];

int main(void) {
  expect_text("NULL");
  answer_text(slm_region_init(buffer, sizeof buffer, 4096) == NULL ? "NULL" : "a region");
  return 0;
}
