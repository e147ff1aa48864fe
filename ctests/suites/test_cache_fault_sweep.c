/* The program of test_fault_sweep.c for caches: every function, and each call of the provider goes wrong in turn. */
#include "../support/family.h"

enum { OBJECTS = 400, BATCH = 8 };

typedef struct sweep {
  test_provider provider;
  cache_storage_type storage;
  slm_cache *cache;
  void *objects[OBJECTS + BATCH];
  size_t count, size, alignment, failures, faults;
} sweep;

static void add(sweep *s, void *memory) {
  if (memory == NULL) {
    assert_true(s->provider.faults > s->faults);
    s->failures++;
    return;
  }
  assert_aligned(memory, s->alignment);
  pattern_fill_ends(memory, s->size, s->count);
  s->objects[s->count++] = memory;
}

static void allocate(sweep *s, size_t i) {
  void *memory = NULL, *batch[BATCH];
  s->faults = s->provider.faults;
  if (i % 4 == 0) {
    add(s, slm_cache_allocate(s->cache));
  } else if (i % 4 == 1) {
    memory = slm_cache_allocate_zeroed(s->cache);
    if (memory != NULL) assert_true(bytes_are(memory, s->size, 0));
    add(s, memory);
  } else if (i % 4 == 2) {
    static const slm_status statuses[] = {SLM_ERR_OUT_OF_MEMORY, SLM_ERR_BAD_PAGE, SLM_ERR_PAGE_OWNED};
    slm_status status = slm_cache_allocate_with(s->cache, 0, &memory);
    assert_true(status == SLM_OK || status == SLM_ERR_OUT_OF_MEMORY || status == statuses[s->provider.fault]);
    add(s, memory);
  } else {
    size_t got = slm_cache_allocate_batch(s->cache, BATCH, batch);
    for (size_t j = 0; j < got; j++) add(s, batch[j]);
    if (got < BATCH) add(s, NULL);
  }
}

static void deallocate_half(sweep *s) {
  size_t done = 0, half = s->count / 2;
  for (size_t i = half; i < s->count; i++) assert_true(pattern_ends_hold(s->objects[i], s->size, i));
  assert_ok(slm_cache_deallocate_batch(s->cache, s->objects + half, s->count - half, &done));
  assert_int_equal(done, s->count - half);
  s->count = half;
}

static void run(sweep *s, size_t size, size_t alignment, enum page_fault fault, size_t fail_at) {
  memset(s, 0, sizeof *s);
  test_provider_open(&s->provider, 4096);
  s->provider.fault = fault;
  s->provider.fail_at = fail_at;
  s->provider.careless = true;
  s->size = size;
  s->alignment = alignment;
  slm_options options = SUITE_OPTIONS(test_provider_both(&s->provider));
  s->cache = slm_cache_init(&s->storage, sizeof s->storage, alignment, size, &options, NULL);
  assert_non_null(s->cache);
  for (size_t i = 0; s->count < OBJECTS && i < 2 * OBJECTS; i++) {
    allocate(s, i);
    if (i % 100 == 99) {
      deallocate_half(s);
      assert_ok(slm_cache_reclaim(s->cache, 2, 1, NULL));
      void *page = slm_cache_reclaim_page(s->cache, slm_cache_page_size(s->cache));
      if (page != NULL) assert_ok(slm_cache_refill(s->cache, page, slm_cache_page_size(s->cache)));
    }
  }
  slm_statistics all = {.struct_size = sizeof all};
  assert_ok(slm_cache_statistics(s->cache, &all));
  assert_int_equal(all.slots_live, s->count);
  for (size_t i = 0; i < s->count; i++) {
    assert_true(pattern_ends_hold(s->objects[i], size, i));
    assert_int_equal(slm_cache_usable_size(s->cache, s->objects[i]), slm_cache_slot_size(s->cache));
    if (i % 2) assert_ok(slm_cache_deallocate(s->cache, s->objects[i]));
    else assert_ok(slm_cache_deallocate_aligned_sized(s->cache, s->objects[i], alignment, size));
  }
  size_t live = SIZE_MAX;
  assert_ok(slm_cache_destroy(s->cache, &live));
  assert_int_equal(live, 0);
}

static void sweep_size(size_t size, size_t alignment) {
  static sweep s;
  for (enum page_fault fault = 0; fault < PAGE_FAULTS; fault++) {
    run(&s, size, alignment, fault, 0);
    size_t calls = s.provider.calls, failures = 0;
    test_provider_close(&s.provider);
    assert_true(calls > 1);
    for (size_t call = 1; call <= calls; call++) {
      run(&s, size, alignment, fault, call);
      failures += s.failures;
      assert_int_equal(s.provider.faults, 1);
      test_provider_close(&s.provider);
    }
    assert_true(failures > 0);
  }
}

static void of_base_pages(void **state) {
  (void)state;
  sweep_size(24, 8);
  sweep_size(500, 4);
  sweep_size(700, 64);
}

static void of_large_pages(void **state) {
  (void)state;
  sweep_size(60000, 4096);
  sweep_size(SLM_MAX_SIZE, 16);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_base_pages),
      cmocka_unit_test(of_large_pages),
  };
  return cmocka_run_group_tests_name(CACHE_FAMILY " fault sweep", tests, NULL, NULL);
}
