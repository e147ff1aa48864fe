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
  slm_options options = SLM_OPTIONS(slm_mmap_provider());
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options);
  if (zone == NULL) die("slm_zone_init failed");
  return zone;
}

static void close_zone(slm_zone *zone) {
  size_t live = SIZE_MAX;
  slm_status status = slm_zone_destroy(zone, &live);
  check_closed(status, live);
}

static slm_sc *open_sc(size_t size) {
  static slm_sc_storage storage;
  slm_options options = SLM_OPTIONS(slm_mmap_provider());
  slm_sc *sc = slm_sc_init(&storage, sizeof storage, size < 16 ? 8 : 16, size, &options);
  if (sc == NULL) die("slm_sc_init failed");
  return sc;
}

static void close_sc(slm_sc *sc) {
  size_t live = SIZE_MAX;
  slm_status status = slm_sc_destroy(sc, &live);
  check_closed(status, live);
}

static slm_safe_zone *open_safe(void) {
  static slm_safe_zone_storage storage;
  slm_options options = SLM_OPTIONS(slm_mmap_provider());
  slm_safe_zone *zone = slm_safe_zone_init(&storage, sizeof storage, &options);
  if (zone == NULL) die("slm_safe_zone_init failed");
  return zone;
}

static void close_safe(slm_safe_zone *zone) {
  size_t live = SIZE_MAX;
  slm_status status = slm_safe_zone_destroy(zone, &live);
  check_closed(status, live);
}

#define NAME zone
#define ALLOCATOR slm_zone
#define ALLOCATE(allocator, size) slm_zone_allocate(allocator, size)
#define DEALLOCATE(allocator, object, size) ((void)(size), slm_zone_deallocate(allocator, object))
#include "workloads-of.h"

#define NAME sc
#define ALLOCATOR slm_sc
#define ALLOCATE(allocator, size) ((void)(size), slm_sc_allocate(allocator))
#define DEALLOCATE(allocator, object, size) ((void)(size), slm_sc_deallocate(allocator, object))
#include "workloads-of.h"

#define NAME safe
#define ALLOCATOR slm_safe_zone
#define ALLOCATE(allocator, size) slm_safe_zone_allocate(allocator, size)
#define DEALLOCATE(allocator, object, size) ((void)(size), slm_safe_zone_deallocate(allocator, object))
#include "workloads-of.h"

#endif
