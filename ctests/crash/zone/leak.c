/* Objects that are live when their zone ends: they are counted. */
#include "../support/zone.h"

int main(void) {
  expect_text("10 live");
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  size_t live = 0;
  require(object[0] == 5 && slm_zone_destroy(zone, &live) == SLM_OK);
  fprintf(stderr, "%zu live\n", live);
  return works_on(make_zone(), 0);
}
