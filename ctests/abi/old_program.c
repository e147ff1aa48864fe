/* A program as it was built for the baseline: its header is baseline/slabmalloc.h. It runs on the library of today,
 * which may know more fields, options and statuses, but must take the old sizes and write nothing behind them. */
#include <slabmalloc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                  \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

/** A struct of the old size, and bytes behind it that nobody may write. */
#define GUARDED(type, name)                                                                                            \
  struct {                                                                                                             \
    type it;                                                                                                           \
    unsigned char guard[256];                                                                                          \
  } name;                                                                                                              \
  memset(&name, 0xA5, sizeof name);                                                                                    \
  name.it.struct_size = sizeof name.it

#define CHECK_GUARD(name)                                                                                              \
  do {                                                                                                                 \
    for (size_t i = 0; i < sizeof name.guard; i++) CHECK(name.guard[i] == 0xA5);                                       \
  } while (0)

static slm_misuse last_misuse;

static void on_misuse(void *context, const slm_misuse *misuse) {
  CHECK(context == &last_misuse && misuse->struct_size >= sizeof last_misuse);
  last_misuse = *misuse;
}

static void use_process(void) {
  GUARDED(slm_process_usage, ledger);
  CHECK(slm_process_statistics(&ledger.it) == SLM_OK);
  CHECK(ledger.it.struct_size == sizeof ledger.it);
  CHECK_GUARD(ledger);
  CHECK(ledger.it.bytes_taken - ledger.it.bytes_given_back == ledger.it.bytes_slabs + ledger.it.bytes_large +
                                                                  ledger.it.bytes_metadata + ledger.it.bytes_retained +
                                                                  ledger.it.bytes_clean);
  GUARDED(slm_class_statistics, class);
  CHECK(slm_process_class_statistics(0, &class.it) == SLM_OK);
  CHECK_GUARD(class);
  GUARDED(slm_process_options, options);
  CHECK(slm_process_configure(NULL, &options.it) == SLM_OK);
  CHECK_GUARD(options);
  CHECK(slm_process_configure(&options.it, NULL) == SLM_OK);

  char *object = slm_calloc(10, 10);
  CHECK(object != NULL && object[99] == 0 && slm_usable_size(object) == slm_good_size(100));
  object = slm_realloc(object, 5000);
  CHECK(object != NULL);
  slm_free_sized(object, 5000);
  slm_misuse_handler handler = {on_misuse, &last_misuse};
  handler = slm_process_set_misuse_handler(handler);
  slm_free(object);
  CHECK(last_misuse.kind == SLM_ERR_DOUBLE_FREE && last_misuse.pointer == object);
  CHECK(slm_process_set_misuse_handler(handler).context == &last_misuse);
  slm_free_aligned_sized(slm_aligned_alloc(256, 1024), 256, 1024);
  slm_heap *heap = slm_heap_create(NULL, NULL);
  size_t live = 0;
  CHECK(heap != NULL && slm_heap_allocate(heap, 100) != NULL);
  GUARDED(slm_heap_usage, usage);
  CHECK(slm_heap_statistics(heap, &usage.it) == SLM_OK && usage.it.objects_live == 1);
  CHECK_GUARD(usage);
  CHECK(slm_heap_destroy(heap, &live) == SLM_OK && live == 1);
  (void)slm_process_purge();
}

/** The storage is of the old size, whatever a zone has grown to. */
static void use_zones(void) {
  static slm_zone_storage zone_storage;
  static slm_zone_storage shared_storage;
  static struct {
    SLM_ALIGNAS(64) unsigned char bytes[SLM_ZONE_STORAGE_SIZE + 2 * SLM_ZONE_CPU_STORAGE_SIZE];
  } cpus_storage;
  static slm_cache_storage cache_storage;
  slm_options options = SLM_DEFAULT_OPTIONS, shared_options = options, cpus_options = options;
  options.provider = shared_options.provider = cpus_options.provider = slm_mmap_provider();
  options.flags = shared_options.flags = cpus_options.flags = SLM_HARDENED; /* which needs the most */
  shared_options.threads = SLM_ANY_THREAD;
  cpus_options.threads = SLM_PER_CPU;
  cpus_options.cpu_count = 2;
  CHECK(slm_zone_storage_size(&options) <= sizeof zone_storage);
  CHECK(slm_zone_storage_size(&shared_options) <= sizeof shared_storage);
  CHECK(slm_zone_storage_size(&cpus_options) <= sizeof cpus_storage);
  CHECK(slm_cache_storage_size(&shared_options) <= sizeof cache_storage);
  options.flags = shared_options.flags = cpus_options.flags = 0;
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  slm_zone *shared = slm_zone_init(&shared_storage, sizeof shared_storage, &shared_options, NULL);
  slm_zone *cpus = slm_zone_init(&cpus_storage, sizeof cpus_storage, &cpus_options, NULL);
  slm_cache *cache = slm_cache_init(&cache_storage, sizeof cache_storage, 8, 24, &options, NULL);
  CHECK(zone != NULL && shared != NULL && cpus != NULL && cache != NULL);

  void *objects[4] = {slm_zone_allocate(zone, 100), slm_zone_allocate_zeroed(zone, SLM_MAX_SIZE), NULL, NULL};
  CHECK(objects[0] != NULL && objects[1] != NULL);
  CHECK(slm_zone_allocate_with(zone, 64, 10, SLM_ZEROED, &objects[2]) == SLM_OK);
  CHECK(slm_zone_allocate_with(zone, 64, SIZE_MAX, 0, &objects[3]) == SLM_ERR_INVALID_LAYOUT);
  GUARDED(slm_statistics, all);
  CHECK(slm_zone_statistics(zone, &all.it) == SLM_OK && all.it.slots_live == 3);
  CHECK_GUARD(all);
  GUARDED(slm_class_statistics, class);
  CHECK(slm_zone_class_statistics(zone, 0, &class.it) == SLM_OK);
  CHECK_GUARD(class);
  CHECK(slm_zone_deallocate(zone, objects[0]) == SLM_OK);
  CHECK(slm_zone_deallocate(zone, objects[0]) == SLM_ERR_DOUBLE_FREE);
  GUARDED(slm_reclaimed, reclaimed);
  CHECK(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, &reclaimed.it) == SLM_OK && reclaimed.it.base_pages == 1);
  CHECK_GUARD(reclaimed);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK);

  CHECK(slm_zone_deallocate(shared, slm_zone_allocate(shared, 100)) == SLM_OK);
  CHECK(slm_zone_destroy(shared, NULL) == SLM_OK);
  CHECK(slm_zone_deallocate(cpus, slm_zone_allocate(cpus, 100)) == SLM_OK);
  CHECK(slm_zone_destroy(cpus, NULL) == SLM_OK);
  CHECK(slm_cache_slot_size(cache) == 24 && slm_cache_deallocate(cache, slm_cache_allocate(cache)) == SLM_OK);
  CHECK(slm_cache_destroy(cache, NULL) == SLM_OK);
  GUARDED(slm_provider_statistics, provider);
  CHECK(slm_mmap_statistics(&provider.it) == SLM_OK);
  CHECK_GUARD(provider);
}

int main(void) {
  CHECK(slm_version() >> 16 == SLM_VERSION_MAJOR && slm_version() >= SLM_VERSION);
  CHECK(strcmp(slm_status_name(SLM_ERR_DOUBLE_FREE), "SLM_ERR_DOUBLE_FREE") == 0);
  use_process();
  use_zones();
  return 0;
}
