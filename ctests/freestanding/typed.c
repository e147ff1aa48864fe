// The typed containers of Embedded Swift: what they take from the heap of Swift objects and from a zone goes back.
#include "machine.h"
#include <slabmalloc.h>
#include <slabmalloc/port.h>

intptr_t typed_work(slm_zone *zone, intptr_t count);

enum { buffer_size = 8 << 20, work = 300 };

static SLM_ALIGNAS(4096) unsigned char buffer[buffer_size];
static slm_zone_storage heap_storage, zone_storage;
static uint32_t misuses;

void slm_port_misuse(const slm_misuse *what) {
  (void)what;
  misuses++;
}

int run(void) {
  slm_region *region = slm_region_init(buffer, sizeof buffer, 4096, NULL);
  slm_zone *heap = slm_zone_init(&heap_storage, sizeof heap_storage, SLM_OPTIONS(slm_region_provider(region)), NULL);
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, SLM_OPTIONS(slm_region_provider(region)), NULL);
  slm_swift_heap_start(heap);
  intptr_t failed = typed_work(zone, work);
  CHECK(failed == 0);
  CHECK(misuses == 0);
  slm_swift_heap_start(NULL);
  size_t live = 1;
  CHECK(slm_zone_destroy(zone, &live) == SLM_OK && live == 0);
  live = 1;
  CHECK(slm_zone_destroy(heap, &live) == SLM_OK && live == 0);
  slm_provider_statistics ledger = {.struct_size = sizeof ledger};
  CHECK(slm_region_statistics(region, &ledger) == SLM_OK && ledger.base_pages_taken > 0);
  CHECK(ledger.base_pages_taken == ledger.base_pages_given_back);
  CHECK(ledger.large_pages_taken == ledger.large_pages_given_back);
  print("typed containers take and give back ");
  print_number((uint32_t)ledger.base_pages_taken);
  print(" pages\n");
  return 0;
}
