// The allocators under test: opened on the mmap provider, and closed with a check that nothing was left behind,
// without which a deallocation that failed every time would look fast.
#ifndef ALLOCATORS_H
#define ALLOCATORS_H

#include "slabmalloc.h"
#include "workloads.h"

static void check_closed(slm_status status, size_t live) {
  if (status != SLM_OK) die(slm_status_name(status));
  if (live != 0) die("objects are live that were given back");
}

static slm_zone *open_zone(void) {
  static slm_zone_storage storage;
  slm_options options = *SLM_OPTIONS(slm_mmap_provider());
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  if (zone == NULL) die("slm_zone_init failed");
  return zone;
}

static void close_zone(slm_zone *zone) {
  size_t live = SIZE_MAX;
  slm_status status = slm_zone_destroy(zone, &live);
  check_closed(status, live);
}

static slm_cache *open_cache(size_t size) {
  static slm_cache_storage storage;
  slm_options options = *SLM_OPTIONS(slm_mmap_provider());
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, size < 16 ? 8 : 16, size, &options, NULL);
  if (cache == NULL) die("slm_cache_init failed");
  return cache;
}

static void close_cache(slm_cache *cache) {
  size_t live = SIZE_MAX;
  slm_status status = slm_cache_destroy(cache, &live);
  check_closed(status, live);
}

static slm_zone *open_any_thread(void) {
  static slm_zone_storage storage;
  slm_options options = *SLM_OPTIONS(slm_mmap_provider());
  options.threads = SLM_ANY_THREAD;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  if (zone == NULL) die("slm_zone_init failed");
  return zone;
}

#define NAME zone
#define ALLOCATOR slm_zone
#define ALLOCATE(allocator, size) slm_zone_allocate(allocator, size)
#define DEALLOCATE(allocator, object, size) ((void)(size), slm_zone_deallocate(allocator, object))
#include "workloads-of.h"

#define NAME cache
#define ALLOCATOR slm_cache
#define ALLOCATE(allocator, size) ((void)(size), slm_cache_allocate(allocator))
#define DEALLOCATE(allocator, object, size) ((void)(size), slm_cache_deallocate(allocator, object))
#include "workloads-of.h"

#define NAME any_thread
#define ALLOCATOR slm_zone
#define ALLOCATE(allocator, size) slm_zone_allocate(allocator, size)
#define DEALLOCATE(allocator, object, size) ((void)(size), slm_zone_deallocate(allocator, object))
#include "workloads-of.h"

#endif
