/* The profile fast: what it leaves out, and what it does not, in zones for each kind of threads. */
#include "../support/family.h"

/** In `fast` the size that a deallocation is given does not matter. */
static void check_zones(uint32_t threads, uint32_t cpu_count, bool fast) {
  static SLM_ALIGNAS(64) unsigned char storage[SLM_ZONE_STORAGE_SIZE + CPUS * SLM_ZONE_CPU_STORAGE_SIZE];
  test_provider provider;
  test_provider_open(&provider, 4096);
  slm_options options = *SLM_OPTIONS(test_provider_both(&provider));
  options.flags = fast ? SLM_FAST : 0;
  options.threads = threads;
  options.cpu_count = cpu_count;
  slm_zone *zone = slm_zone_init(storage, sizeof storage, &options, NULL);
  assert_non_null(zone);
  static const size_t sizes[] = {
      0, 1, 8, 100, 1024, 1025, 5000, 60000, SLM_MAX_SIZE, SLM_LARGE_PAGE_SIZE, SLM_LARGE_PAGE_SIZE + 1, SIZE_MAX};
  for (size_t i = 0; i < COUNT_OF(sizes) - 2; i++) {
    for (size_t j = 0; j < COUNT_OF(sizes); j++) {
      bool too_large = sizes[j] > SLM_LARGE_PAGE_SIZE;
      char *object = slm_zone_allocate(zone, sizes[i]);
      assert_non_null(object);
      bool same = !too_large && slm_zone_good_size(zone, sizes[i]) == slm_zone_good_size(zone, sizes[j]);
      slm_status wrong = too_large ? SLM_ERR_INVALID_LAYOUT : SLM_ERR_LAYOUT_MISMATCH;
      slm_status want = fast || same ? SLM_OK : wrong;
      assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate(zone, object + 1));
      if (j % 2 == 0) assert_status(want, slm_zone_deallocate_sized(zone, object, sizes[j]));
      else assert_status(want, slm_zone_deallocate_aligned_sized(zone, object, 8, sizes[j]));
      assert_status(want == SLM_OK ? SLM_ERR_DOUBLE_FREE : SLM_OK, slm_zone_deallocate(zone, object));
      slm_status again = fast || !too_large ? SLM_ERR_DOUBLE_FREE : SLM_ERR_INVALID_LAYOUT;
      assert_status(again, slm_zone_deallocate_sized(zone, object, sizes[j]));
    }
  }
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_zone_deallocate_sized(zone, &provider, 8));
  assert_ok(slm_zone_deallocate_sized(zone, NULL, 8));
  assert_ok(slm_zone_destroy(zone, NULL));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_deallocate_sized(zone, &provider, 8));
  test_provider_close(&provider);
}

static void zones_for_one_thread(void **state) {
  (void)state;
  for (int fast = 0; fast < 2; fast++) check_zones(SLM_ONE_THREAD, 0, fast);
}

static void zones_for_any_thread(void **state) {
  (void)state;
  for (int fast = 0; fast < 2; fast++) check_zones(SLM_ANY_THREAD, 0, fast);
}

static void zones_per_cpu(void **state) {
  (void)state;
  for (int fast = 0; fast < 2; fast++) check_zones(SLM_PER_CPU, 2, fast);
}

static void caches(void **state) {
  (void)state;
  static slm_cache_storage storage;
  for (int fast = 0; fast < 2; fast++) {
    test_provider provider;
    test_provider_open(&provider, 4096);
    slm_options options = *SLM_OPTIONS(test_provider_both(&provider));
    options.flags = fast ? SLM_FAST : 0;
    slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 24, &options, NULL);
    void *object = slm_cache_allocate(cache);
    assert_non_null(object);
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_cache_deallocate(cache, (char *)object + 8));
    assert_status(fast ? SLM_OK : SLM_ERR_LAYOUT_MISMATCH, slm_cache_deallocate_aligned_sized(cache, object, 8, 25));
    assert_status(fast ? SLM_ERR_DOUBLE_FREE : SLM_OK, slm_cache_deallocate_aligned_sized(cache, object, 8, 24));
    assert_ok(slm_cache_destroy(cache, NULL));
    test_provider_close(&provider);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(zones_for_one_thread),
      cmocka_unit_test(zones_for_any_thread),
      cmocka_unit_test(zones_per_cpu),
      cmocka_unit_test(caches),
  };
  return cmocka_run_group_tests_name("fast zones", tests, NULL, NULL);
}
