// The README's kernel as it stands, without a hook: its heap serves and refuses as it should, and a zone or cache for
// threads, which needs a hook, is refused. `usage: plain`; exit status 0 if all holds.
#include "machine.h"
#include <slabmalloc.h>

struct memory_range {
  void *start;
  size_t size;
};
slm_status heap_start(const struct memory_range *map, size_t count);
void *kmalloc(size_t size);
slm_status kfree(void *object);

enum { cpu_count = 2 };

static SLM_ALIGNAS(4096) unsigned char low[64 << 10], high[256 << 10];
static SLM_ALIGNAS(64) unsigned char storage[SLM_ZONE_STORAGE_SIZE + cpu_count * SLM_ZONE_CPU_STORAGE_SIZE];

/// The zone's and the cache's init functions refuse these options and leave the storage as it was.
static void is_refused(uint32_t threads, uint32_t cpus) {
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.threads = threads;
  options.cpu_count = cpus;
  CHECK(slm_zone_storage_size(&options) == 0 && slm_cache_storage_size(&options) == 0);
  slm_status why = SLM_OK;
  CHECK(slm_zone_init(storage, sizeof storage, &options, &why) == NULL && why == SLM_ERR_INVALID_ARGUMENT);
  why = SLM_OK;
  CHECK(slm_cache_init(storage, sizeof storage, 8, 40, &options, &why) == NULL && why == SLM_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < sizeof storage; i++) CHECK(storage[i] == 0);
}

__attribute__((noinline)) static void use(struct memory_range *range, void *start, size_t size) {
  range->start = start;
  range->size = size;
}

int run(void) {
  is_refused(SLM_ANY_THREAD, 0);
  is_refused(SLM_PER_CPU, cpu_count);

  // Assigned and not initialised: an initialiser with addresses would need a loader.
  struct memory_range map[2];
  use(&map[0], low, sizeof low);
  use(&map[1], high, sizeof high);
  CHECK(heap_start(map, 0) == SLM_ERR_OUT_OF_MEMORY);
  CHECK(heap_start(map, 2) == SLM_OK);
  static unsigned char *objects[100];
  for (size_t i = 0; i < 100; i++) {
    objects[i] = kmalloc(8 + i * 11);
    CHECK(objects[i] != NULL);
    memset(objects[i], (int)i, 8 + i * 11);
  }
  for (size_t i = 0; i < 100; i++) {
    for (size_t at = 0; at < 8 + i * 11; at++) CHECK(objects[i][at] == i);
    CHECK(kfree(objects[i] + 1) == SLM_ERR_INTERIOR_POINTER);
    CHECK(kfree(objects[i]) == SLM_OK);
    CHECK(kfree(objects[i]) == SLM_ERR_DOUBLE_FREE);
  }
  CHECK(kfree(map) == SLM_ERR_FOREIGN_POINTER);
  return 0;
}
