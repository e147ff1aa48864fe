/* A program that uses an slabmalloc found by pkg-config or CMake. Exit status 0 if it is the one expected. */
#include <slabmalloc.h>
#include <stdio.h>
#include <string.h>

static slm_zone_storage storage;

int main(void) {
  if (slm_version() != SLM_VERSION) return 1;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, SLM_OPTIONS(slm_mmap_provider()), NULL);
  char *text = slm_zone_allocate(zone, 100);
  if (text == NULL) return 2;
  strcpy(text, "from a zone");
  puts(text);
  if (slm_zone_deallocate(zone, text) != SLM_OK) return 3;
  if (slm_zone_deallocate(zone, text) != SLM_ERR_DOUBLE_FREE) return 4;
  return slm_zone_destroy(zone, NULL) == SLM_OK ? 0 : 5;
}
