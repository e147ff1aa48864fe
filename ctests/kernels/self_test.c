// Misuse is reported, and changes nothing.
#include "kernel.h"

// [self_test
void self_test(void) {
  static slm_zone_storage not_initialised; // zeros
  static char foreign[64];
  size_t live_before = 0, live_after = 0;
  slm_statistics held = {.struct_size = sizeof held};
  if (slm_zone_statistics(heap, &held) == SLM_OK) live_before = held.slots_live;

  char *object = slm_zone_allocate(heap, 100);
  check_that(object != NULL, "an object is allocated");
  check_that(slm_zone_deallocate(heap, object + 8) == SLM_ERR_INTERIOR_POINTER, "an interior pointer is reported");
  check_that(slm_zone_deallocate(heap, foreign) == SLM_ERR_FOREIGN_POINTER, "a foreign pointer is reported");
  check_that(slm_zone_deallocate_sized(heap, object, 500) == SLM_ERR_LAYOUT_MISMATCH, "a wrong size is reported");
  check_that(slm_zone_deallocate_sized(heap, object, 100) == SLM_OK, "the object is freed");
  slm_status expected = command_line_is("fault=double-free") ? SLM_OK : SLM_ERR_DOUBLE_FREE;
  check_that(slm_zone_deallocate(heap, object) == expected, "a double free is reported");
  check_that(slm_zone_deallocate((slm_zone *)&not_initialised, object) == SLM_ERR_NOT_INITIALIZED,
             "a zone that is not initialised is reported");
  void *none = foreign;
  check_that(slm_zone_allocate_with(heap, 24, 8, 0, &none) == SLM_ERR_INVALID_LAYOUT && none == NULL,
             "a wrong alignment is reported");

  if (slm_zone_statistics(heap, &held) == SLM_OK) live_after = held.slots_live;
  check_that(live_before == live_after, "misuse changes nothing");
  print("self-test done\n");
}
// self_test]
