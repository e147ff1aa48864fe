// The memory map becomes a region, and a heap on it.
#include "kernel.h"

void map_add(struct memory_map *map, uintptr_t start, uintptr_t end) {
  if (start >= end || map->count == MEMORY_RANGES) return;
  size_t i = map->count++;
  for (; i > 0 && map->ranges[i - 1].start > start; i--) map->ranges[i] = map->ranges[i - 1];
  map->ranges[i] = (struct memory_range){start, end};
}

void map_remove(struct memory_map *map, uintptr_t start, uintptr_t end) {
  struct memory_map old = *map;
  map->count = 0;
  for (size_t i = 0; i < old.count; i++) {
    struct memory_range range = old.ranges[i];
    if (end <= range.start || range.end <= start) {
      map_add(map, range.start, range.end);
    } else {
      map_add(map, range.start, start); // nothing if what is removed starts before
      map_add(map, end, range.end);
    }
  }
}

// [memory_start
slm_region *frames;
slm_zone *heap;

// Before there is a heap, memory is cut off the front of a range.
static void *map_take(struct memory_map *map, size_t size) {
  for (size_t i = 0; i < map->count; i++) {
    uintptr_t start = (map->ranges[i].start + 63) & ~(uintptr_t)63;
    if (start > map->ranges[i].end || map->ranges[i].end - start < size) continue;
    map->ranges[i].start = start + size;
    return (void *)start;
  }
  return NULL;
}

bool memory_start(struct memory_map *map) {
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.threads = SLM_PER_CPU;
  options.cpu_count = CPU_COUNT;
  size_t storage_size = slm_zone_storage_size(&options);
  void *storage = map_take(map, storage_size);
  if (storage == NULL) return false;

  for (size_t i = 0; i < map->count; i++) {
    void *start = (void *)map->ranges[i].start;
    size_t size = map->ranges[i].end - map->ranges[i].start;
    if (frames == NULL) frames = slm_region_init(start, size, 4096, NULL); // NULL if the range is too small
    else if (slm_region_add(frames, start, size) != SLM_OK) print("memory at %lx is not used\n", map->ranges[i].start);
  }
  if (frames == NULL) return false;

  options.provider = slm_region_provider(frames);
  heap = slm_zone_init(storage, storage_size, &options, NULL);
  if (heap == NULL) return false;
  slm_swift_heap_start(heap);
  return true;
}
// memory_start]

size_t memory_largest_object(void) {
  static size_t largest;
  if (largest == 0) largest = slm_region_available(frames, SLM_LARGE_PAGE_SIZE) > 2 * CPU_COUNT ? SLM_MAX_SIZE : 1024;
  return largest;
}

uint64_t memory_free(void) {
  slm_fragmentation free = {.struct_size = sizeof free};
  check_that(slm_region_fragmentation(frames, &free) == SLM_OK, "the region has its fragmentation");
  print("%lu KiB free, %lu of them in one piece, and %lu large pages\n", (unsigned long)free.free_bytes / 1024,
        (unsigned long)free.largest_free_run / 1024, (unsigned long)free.large_pages_free);
  return free.free_bytes;
}

void memory_stop(void) {
  slm_statistics held = {.struct_size = sizeof held};
  check_that(slm_zone_statistics(heap, &held) == SLM_OK, "the heap has statistics");
  check_that(held.slots_live == 0, "no object is left");
  print("slot size  page size  pages  live slots\n");
  for (size_t i = 0; i < held.class_count; i++) {
    slm_class_statistics row = {.struct_size = sizeof row};
    check_that(slm_zone_class_statistics(heap, i, &row) == SLM_OK, "the class has statistics");
    if (row.pages != 0) {
      print("%9u  %9lu  %5lu  %10lu\n", row.slot_size, (unsigned long)row.page_size, (unsigned long)row.pages,
            (unsigned long)row.slots_live);
    }
  }

  size_t live = 0;
  check_that(slm_zone_destroy(heap, &live) == SLM_OK && live == 0, "the heap ends without a live object");
  slm_provider_statistics ledger = {.struct_size = sizeof ledger};
  check_that(slm_region_statistics(frames, &ledger) == SLM_OK, "the region has statistics");
  print("frames taken %lu, given back %lu; large pages taken %lu, given back %lu\n",
        (unsigned long)ledger.base_pages_taken, (unsigned long)ledger.base_pages_given_back,
        (unsigned long)ledger.large_pages_taken, (unsigned long)ledger.large_pages_given_back);
  check_that(ledger.base_pages_taken > 0 && ledger.base_pages_taken == ledger.base_pages_given_back,
             "every page frame came back");
  check_that(ledger.large_pages_taken == ledger.large_pages_given_back, "every large page came back");
}
