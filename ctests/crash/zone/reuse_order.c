/* Whether an object that is freed right after it was allocated is the next one, which an attacker can predict. */
#include "../support/zone.h"

int main(void) {
  expect_text(is_hardened() ? "others" : "the last one");
  slm_zone *zone = make_zone_in(&zone_storage, own_provider());
  size_t last = 0;
  require(slm_zone_allocate(zone, 64) != NULL);
  for (size_t i = 0; i < 1000; i++) {
    char *object = slm_zone_allocate(zone, 64);
    require(object != NULL && slm_zone_deallocate(zone, object) == SLM_OK);
    char *next = slm_zone_allocate(zone, 64);
    require(next != NULL && slm_zone_deallocate(zone, next) == SLM_OK);
    last += next == object;
  }
  answer_text(last == 1000 ? "the last one" : last == 0 ? "others" : "sometimes the last one");
  return small_works_on(zone);
}
