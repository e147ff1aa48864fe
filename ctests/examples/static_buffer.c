/* A zone without an operating system: its pages are carved from a buffer in .bss. */
#include <slabmalloc.h>
#include <stdio.h>

enum { BUFFER_SIZE = 256 * 1024, PAGE_SIZE = 4096 };

static unsigned char buffer[BUFFER_SIZE];
static slm_zone_storage storage;

static slm_provider_statistics show(slm_region *region, const char *when) {
  slm_provider_statistics ledger = {.struct_size = sizeof ledger};
  slm_region_statistics(region, &ledger);
  printf("%-22s %8llu %12llu %8zu\n", when, (unsigned long long)ledger.base_pages_taken,
         (unsigned long long)ledger.base_pages_given_back, slm_region_available(region, PAGE_SIZE));
  return ledger;
}

int main(void) {
  slm_region *region = slm_region_init(buffer, sizeof buffer, PAGE_SIZE, NULL);
  if (region == NULL) return 1;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, SLM_OPTIONS(slm_region_provider(region)), NULL);
  if (zone == NULL) return 1;

  printf("%-22s %8s %12s %8s\n", "pages", "taken", "given back", "left");
  show(region, "before");

  /* Until the buffer is used up: the zone says so with NULL, and goes on working. */
  size_t objects = 0;
  void *last = NULL;
  for (void *object; (object = slm_zone_allocate(zone, 100)) != NULL; objects++) last = object;
  show(region, "buffer used up");
  if (slm_zone_deallocate(zone, last) != SLM_OK || slm_zone_allocate(zone, 100) == NULL) return 1;

  size_t live = 0;
  if (slm_zone_destroy(zone, &live) != SLM_OK || live != objects) return 1;
  slm_provider_statistics end = show(region, "zone destroyed");
  printf("%zu objects of 100 bytes fitted into %d KiB\n", objects, BUFFER_SIZE / 1024);
  return end.base_pages_taken == end.base_pages_given_back ? 0 : 1;
}
