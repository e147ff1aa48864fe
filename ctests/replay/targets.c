/* What a trace is replayed against. */
#define _GNU_SOURCE
#include "replay.h"

#include <slabmalloc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *malloc_allocate(size_t alignment, size_t size, bool zeroed) {
  if (zeroed) return calloc(1, size);
  if (alignment == 0) return malloc(size);
  /* Not aligned_alloc, which may refuse a size that is no multiple. */
  void *object = NULL;
  size_t least = sizeof(void *);
  return posix_memalign(&object, alignment < least ? least : alignment, size) == 0 ? object : NULL;
}

static void *malloc_reallocate(void *object, size_t size) { return realloc(object, size); }

static const char *malloc_deallocate(void *object) {
  free(object);
  return NULL;
}

const target malloc_target = {"malloc", malloc_allocate, malloc_reallocate, malloc_deallocate, 16};

static slm_zone_storage storage;
static slm_zone *zone;
static uint64_t fallbacks;

static bool fits(size_t alignment, size_t size) { return size <= SLM_MAX_SIZE && alignment <= SLM_LARGE_PAGE_SIZE; }

static void *zone_allocate(size_t alignment, size_t size, bool zeroed) {
  if (!fits(alignment, size)) {
    fallbacks++;
    return malloc_allocate(alignment, size, zeroed);
  }
  if (zeroed) return slm_zone_allocate_zeroed(zone, size);
  return alignment == 0 ? slm_zone_allocate(zone, size) : slm_zone_allocate_aligned(zone, alignment, size);
}

static const char *zone_deallocate(void *object) {
  if (!slm_zone_owns(zone, object) && fallbacks > 0) return malloc_deallocate(object);
  slm_status status = slm_zone_deallocate(zone, object);
  return status == SLM_OK ? NULL : slm_status_name(status);
}

static void *zone_reallocate(void *object, size_t size) {
  bool is_own = slm_zone_owns(zone, object);
  if (is_own && fits(0, size)) return slm_zone_reallocate(zone, object, size);
  if (!is_own && !fits(0, size)) {
    fallbacks++;
    return realloc(object, size);
  }
  void *new = zone_allocate(0, size, false);
  if (new == NULL) return NULL;
  /* The one that is in the zone is the smaller one. */
  memcpy(new, object, is_own ? slm_zone_usable_size(zone, object) : size);
  return zone_deallocate(object) == NULL ? new : NULL;
}

const target *zone_target(void) {
  static const target on = {"slm_zone", zone_allocate, zone_reallocate, zone_deallocate, 16};
  zone = slm_zone_init(&storage, sizeof storage, SLM_OPTIONS(slm_mmap_provider()), NULL);
  if (zone == NULL) refuse("there is no zone");
  return &on;
}

uint64_t zone_fallbacks(void) { return fallbacks; }

const char *zone_close(void) {
  slm_status status = slm_zone_destroy(zone, NULL);
  return status == SLM_OK ? NULL : slm_status_name(status);
}
