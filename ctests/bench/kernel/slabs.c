// slabmalloc as a kernel links it: the freestanding archive, zones on a region.
#include "heap.h"
#include <slabmalloc.h>

uintptr_t slm_port_context(void) { return 0; } // one CPU

// Pages of 4 KiB, as the hardware has them, or of 64 KiB: more slots lie together then.
static slm_zone_storage storage;
static slm_zone *the_zone;
static void start_zone(void *memory, size_t size, size_t page_size) {
  slm_region *region = slm_region_init(memory, size, page_size);
  the_zone = slm_zone_init(&storage, sizeof storage, &SLM_OPTIONS(slm_region_provider(region)));
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

static _Alignas(64) unsigned char smp_storage[SLM_SMP_ZONE_STORAGE_SIZE(1)];
static slm_smp_zone *the_smp_zone;
static void start_smp_zone(void *memory, size_t size) {
  the_smp_zone = slm_smp_zone_init(smp_storage, sizeof smp_storage, 1,
                                   &SLM_OPTIONS(slm_region_provider(slm_region_init(memory, size, 4096))));
}
static void *smp_allocate(size_t size) { return slm_smp_zone_allocate(the_smp_zone, size); }
static void smp_deallocate(void *object, size_t size) {
  (void)size;
  if (slm_smp_zone_deallocate(the_smp_zone, object) != SLM_OK) __builtin_trap();
}
const struct heap smp_zone = {"SMP zone", start_smp_zone, smp_allocate, smp_deallocate};
