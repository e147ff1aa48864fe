// slabmalloc as a kernel links it: the freestanding archive, zones on a region.
#include "heap.h"
#include <slabmalloc.h>

uintptr_t slm_port_context(void) { return 0; } // one CPU

// Pages of 4 KiB, as the hardware has them, or of 64 KiB: more slots lie together then.
static slm_zone_storage storage;
static slm_zone *the_zone;
static void start_zone(void *memory, size_t size, size_t page_size) {
  slm_region *region = slm_region_init(memory, size, page_size, NULL);
  the_zone = slm_zone_init(&storage, sizeof storage, SLM_OPTIONS(slm_region_provider(region)), NULL);
}
static void start_zone_4(void *memory, size_t size) { start_zone(memory, size, 4096); }
static void start_zone_64(void *memory, size_t size) { start_zone(memory, size, 65536); }
static void *allocate(size_t size) { return slm_zone_allocate(the_zone, size); }
static void deallocate(void *object, size_t size) {
  (void)size;
  if (slm_zone_deallocate(the_zone, object) != SLM_OK) __builtin_trap();
}
const struct heap zone = {"zone", start_zone_4, allocate, deallocate};
const struct heap zone_64 = {"zone, 64 KiB", start_zone_64, allocate, deallocate};

static _Alignas(64) unsigned char per_cpu_storage[SLM_ZONE_STORAGE_SIZE + SLM_ZONE_CPU_STORAGE_SIZE];
static slm_zone *the_per_cpu_zone;
static void start_per_cpu_zone(void *memory, size_t size) {
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.threads = SLM_PER_CPU;
  options.cpu_count = 1;
  options.provider = slm_region_provider(slm_region_init(memory, size, 4096, NULL));
  the_per_cpu_zone = slm_zone_init(per_cpu_storage, sizeof per_cpu_storage, &options, NULL);
}
static void *per_cpu_allocate(size_t size) { return slm_zone_allocate(the_per_cpu_zone, size); }
static void per_cpu_deallocate(void *object, size_t size) {
  (void)size;
  if (slm_zone_deallocate(the_per_cpu_zone, object) != SLM_OK) __builtin_trap();
}
const struct heap per_cpu_zone = {"zone per CPU", start_per_cpu_zone, per_cpu_allocate, per_cpu_deallocate};
