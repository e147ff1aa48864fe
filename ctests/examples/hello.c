#include <slabmalloc.h>
#include <stdio.h>

int main(void) {
  static slm_zone_storage storage;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, SLM_OPTIONS(slm_mmap_provider()), NULL);
  char *text = slm_zone_allocate(zone, 32);
  if (text == NULL) return 1;
  snprintf(text, 32, "%zu bytes from a slab", slm_zone_usable_size(zone, text));
  puts(text);
  slm_zone_deallocate(zone, text);
  return slm_zone_destroy(zone, NULL) == SLM_OK ? 0 : 1;
}
