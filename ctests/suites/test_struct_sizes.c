/* Structs that say their size: those of an older header are served as far as they reach, those of a newer one as far as
 * this one knows them, and nothing else is read or written. */
#include "../support/family.h"

#include <stddef.h>

/** Calls a function that fills a struct, with each size that it may say: from the first version's on all are served,
 * smaller ones are refused. Nothing behind the size is written, and nothing at all if it is refused. */
typedef slm_status (*fill)(void *out, void *context);

static void each_size(size_t first, size_t now, fill function, void *context) {
  static _Alignas(8) unsigned char out[512], whole[512];
  assert_true(now + 64 <= sizeof out);
  uint32_t size = (uint32_t)now;
  memset(whole, 0x5C, sizeof whole);
  memcpy(whole, &size, sizeof size);
  assert_ok(function(whole, context));
  assert_true(bytes_are(whole + now, sizeof whole - now, 0x5C));
  for (size = 0; size <= now + 64; size++) {
    memset(out, 0x5C, sizeof out);
    memcpy(out, &size, sizeof size);
    if (size < first) {
      assert_status(SLM_ERR_INVALID_ARGUMENT, function(out, context));
      assert_true(bytes_are(out + sizeof size, sizeof out - sizeof size, 0x5C));
      continue;
    }
    /* Whole fields: the last one may be cut off, but what is there is right. */
    size_t known = size < now ? size / 8 * 8 : now;
    assert_ok(function(out, context));
    assert_memory_equal(out + sizeof size, whole + sizeof size, known - sizeof size);
    assert_true(bytes_are(out + size, sizeof out - size, 0x5C));
    assert_memory_equal(out, &size, sizeof size);
  }
}

#define FILL(name, call)                                                                                               \
  static slm_status name(void *out, void *context) {                                                                   \
    (void)context;                                                                                                     \
    return call;                                                                                                       \
  }
FILL(zone_statistics, slm_zone_statistics(context, out))
FILL(zone_class, slm_zone_class_statistics(context, 3, out))
FILL(cache_statistics, slm_cache_statistics(context, out))
FILL(cache_class, slm_cache_class_statistics(context, out))
FILL(region_statistics, slm_region_statistics(context, out))
FILL(region_fragmentation, slm_region_fragmentation(context, out))
FILL(region_free_runs, slm_region_free_runs(context, out))
FILL(mmap_statistics, slm_mmap_statistics(out))
FILL(heap_statistics, slm_heap_statistics(context, out))
FILL(heap_class, slm_heap_class_statistics(context, 3, out))
FILL(process_statistics, slm_process_statistics(out))
FILL(process_class, slm_process_class_statistics(3, out))
FILL(process_options, slm_process_configure(NULL, out))
FILL(zone_reclaim, slm_zone_reclaim(context, 0, 0, out))
FILL(cache_reclaim, slm_cache_reclaim(context, 0, 0, out))

static const uint32_t threads[][2] = {{SLM_ONE_THREAD, 0}, {SLM_ANY_THREAD, 0}, {SLM_PER_CPU, CPUS}};
static SLM_ALIGNAS(64) unsigned char storage[SLM_ZONE_STORAGE_SIZE + CPUS * SLM_ZONE_CPU_STORAGE_SIZE];

/** The first version of slm_statistics ended before slots_retired, that of slm_heap_usage before bytes_held. The others
 * have had all their fields from the start. */
static void of_zones_and_caches(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(threads); i++) {
    test_provider provider;
    test_provider_open(&provider, 4096);
    slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
    options.threads = threads[i][0];
    options.cpu_count = threads[i][1];
    slm_zone *zone = slm_zone_init(storage, sizeof storage, &options, NULL);
    assert_non_null(slm_zone_allocate(zone, 100));
    assert_non_null(slm_zone_allocate(zone, 32));
    each_size(offsetof(slm_statistics, slots_retired), sizeof(slm_statistics), zone_statistics, zone);
    each_size(sizeof(slm_class_statistics), sizeof(slm_class_statistics), zone_class, zone);
    each_size(sizeof(slm_reclaimed), sizeof(slm_reclaimed), zone_reclaim, zone);
    assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_statistics(zone, NULL));
    assert_ok(slm_zone_destroy(zone, NULL));
    slm_cache *cache = slm_cache_init(storage, sizeof storage, 8, 24, &options, NULL);
    assert_non_null(slm_cache_allocate(cache));
    each_size(offsetof(slm_statistics, slots_retired), sizeof(slm_statistics), cache_statistics, cache);
    each_size(sizeof(slm_class_statistics), sizeof(slm_class_statistics), cache_class, cache);
    each_size(sizeof(slm_reclaimed), sizeof(slm_reclaimed), cache_reclaim, cache);
    assert_ok(slm_cache_destroy(cache, NULL));
    test_provider_close(&provider);
  }
}

static void of_regions_and_the_process(void **state) {
  (void)state;
  static SLM_ALIGNAS(4096) unsigned char buffer[1 << 20];
  slm_region *region = slm_region_init(buffer, sizeof buffer, 4096, NULL);
  assert_non_null(region);
  each_size(sizeof(slm_provider_statistics), sizeof(slm_provider_statistics), region_statistics, region);
  each_size(sizeof(slm_fragmentation), sizeof(slm_fragmentation), region_fragmentation, region);
  each_size(sizeof(slm_free_runs), sizeof(slm_free_runs), region_free_runs, region);
  each_size(sizeof(slm_provider_statistics), sizeof(slm_provider_statistics), mmap_statistics, NULL);
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_non_null(slm_heap_allocate(heap, 100));
  each_size(offsetof(slm_heap_usage, bytes_held), sizeof(slm_heap_usage), heap_statistics, heap);
  each_size(sizeof(slm_class_statistics), sizeof(slm_class_statistics), heap_class, heap);
  each_size(sizeof(slm_process_usage), sizeof(slm_process_usage), process_statistics, NULL);
  each_size(sizeof(slm_class_statistics), sizeof(slm_class_statistics), process_class, NULL);
  each_size(sizeof(slm_process_options), sizeof(slm_process_options), process_options, NULL);
  assert_ok(slm_heap_destroy(heap, NULL));
}

/** A reclaim whose struct is too small gives nothing back. */
static void a_refused_reclaim_changes_nothing(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  assert_ok(slm_zone_deallocate(f.zone, slm_zone_allocate(f.zone, 100)));
  slm_reclaimed small = {.struct_size = sizeof small - 1};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &small));
  assert_int_equal(test_provider_out(&f.provider, BASE), 1);
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(test_provider_out(&f.provider, BASE), 0);
  close_fixture(&f);
}

/** A provider of a header that has no functions for runs: what lies where they are now is not looked at. */
static void a_provider_without_runs(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(threads); i++) {
    test_provider pages;
    test_provider_open(&pages, 16384);
    slm_options options = SUITE_OPTIONS(test_provider_both(&pages));
    options.threads = threads[i][0];
    options.cpu_count = threads[i][1];
    options.provider.struct_size = offsetof(slm_page_provider, allocate_run);
    memset(&options.provider.allocate_run, 0x5C, sizeof options.provider - offsetof(slm_page_provider, allocate_run));
    slm_status why = SLM_ERR_DOUBLE_FREE;
    slm_zone *zone = slm_zone_init(storage, sizeof storage, &options, &why);
    assert_ok(why);
    assert_non_null(zone);
    assert_int_equal(slm_zone_page_size(zone, 8, 100), 16384);
    void *object = slm_zone_allocate(zone, 100), *large = slm_zone_allocate(zone, 100000);
    assert_true(object != NULL && large != NULL && test_provider_out(&pages, LARGE) == 1);
    assert_ok(slm_zone_deallocate(zone, object));
    assert_ok(slm_zone_deallocate(zone, large));
    assert_ok(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL));
    assert_ok(slm_zone_destroy(zone, NULL));
    slm_cache *cache = slm_cache_init(storage, sizeof storage, 8, 24, &options, &why);
    assert_ok(why);
    assert_ok(slm_cache_deallocate(cache, slm_cache_allocate(cache)));
    assert_ok(slm_cache_destroy(cache, NULL));
    test_provider_close(&pages);
  }
}

/** A provider and options of a later header. What is behind the fields that this one knows of a provider is not looked
 * at; options with a field that it doesn't know, and which is set, are refused, as what they ask for can't be had. */
static void larger_ones(void **state) {
  (void)state;
  test_provider pages;
  test_provider_open(&pages, 4096);
  struct {
    slm_options options;
    unsigned char later[64];
  } newer = {.options = SUITE_OPTIONS(test_provider_both(&pages))};
  newer.options.struct_size = sizeof newer;
  newer.options.provider.struct_size = sizeof(slm_page_provider) + 64;
  slm_status why = SLM_ERR_DOUBLE_FREE;
  slm_zone *zone = slm_zone_init(storage, sizeof storage, &newer.options, &why);
  assert_ok(why);
  assert_ok(slm_zone_deallocate(zone, slm_zone_allocate(zone, 100)));
  assert_ok(slm_zone_destroy(zone, NULL));
  for (size_t i = 0; i < sizeof newer.later; i++) {
    newer.later[i] = 1;
    assert_null(slm_zone_init(storage, sizeof storage, &newer.options, &why));
    assert_status(SLM_ERR_INVALID_ARGUMENT, why);
    newer.later[i] = 0;
  }
  test_provider_close(&pages);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_zones_and_caches),
      cmocka_unit_test(of_regions_and_the_process),
      cmocka_unit_test(a_refused_reclaim_changes_nothing),
      cmocka_unit_test(a_provider_without_runs),
      cmocka_unit_test(larger_ones),
  };
  return cmocka_run_group_tests_name("sizes of structs", tests, NULL, NULL);
}
