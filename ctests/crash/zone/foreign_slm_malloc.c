/* An object of the process's heap. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_FOREIGN_POINTER);
  slm_zone *zone = make_zone();
  char *object = make_object(zone);
  char *of_process = slm_malloc(64);
  require(of_process != NULL && object[0] == 5);
  answer(slm_zone_deallocate(zone, of_process));
  slm_free(of_process);
  return works_on(zone, MADE);
}
