#include <slabmalloc.h>

/* What a boot loader reports: usable memory, already mapped. */
struct memory_range {
  void *start;
  size_t size;
};

static slm_zone_storage heap_storage;
static slm_zone *heap;

/* All of it becomes one region; the kernel's heap takes its page frames from it. */
slm_status heap_start(const struct memory_range *map, size_t count) {
  slm_region *region = NULL;
  for (size_t i = 0; i < count; i++) {
    if (region == NULL) region = slm_region_init(map[i].start, map[i].size, 4096, NULL);
    else if (slm_region_add(region, map[i].start, map[i].size) != SLM_OK) continue; /* too small for a page */
  }
  if (region == NULL) return SLM_ERR_OUT_OF_MEMORY;
  slm_status status;
  heap = slm_zone_init(&heap_storage, sizeof heap_storage, SLM_OPTIONS(slm_region_provider(region)), &status);
  return status;
}

void *kmalloc(size_t size) { return slm_zone_allocate(heap, size); }
slm_status kfree(void *object) { return slm_zone_deallocate(heap, object); }
