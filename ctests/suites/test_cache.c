/* Caches: objects of one size. */
#include "../support/family.h"

typedef struct cache {
  test_provider provider;
  cache_storage_type storage;
  slm_cache *cache;
} cache;

static void open_cache(cache *c, size_t base_page_size, size_t alignment, size_t size) {
  test_provider_open(&c->provider, base_page_size);
  slm_options options = SUITE_OPTIONS(test_provider_both(&c->provider));
  c->cache = slm_cache_init(&c->storage, sizeof c->storage, alignment, size, &options, NULL);
  assert_ptr_equal(c->cache, &c->storage);
}

static slm_class_statistics cache_class(cache *c) {
  slm_class_statistics class = {.struct_size = sizeof class};
  assert_ok(slm_cache_class_statistics(c->cache, &class));
  return class;
}

static void close_cache(cache *c, size_t want) {
  size_t live = SIZE_MAX;
  slm_class_statistics class = cache_class(c);
  slm_statistics all = {.struct_size = sizeof all};
  assert_ok(slm_cache_statistics(c->cache, &all));
  assert_int_equal(all.class_count, 1);
  assert_int_equal(all.slots_live, class.slots_live);
  assert_int_equal(all.bytes_live, class.slots_live * class.slot_size);
  assert_int_equal(all.base_pages_taken - all.base_pages_given_back, test_provider_out(&c->provider, BASE));
  assert_int_equal(all.large_pages_taken - all.large_pages_given_back, test_provider_out(&c->provider, LARGE));
  assert_int_equal(class.pages + all.table_pages,
                   test_provider_out(&c->provider, BASE) + test_provider_out(&c->provider, LARGE));
  assert_ok(slm_cache_destroy(c->cache, &live));
  assert_int_equal(live, want);
  test_provider_close(&c->provider);
}

static void slots_are_the_size_rounded_to_the_alignment(void **state) {
  (void)state;
  static const struct {
    size_t alignment, size, slot;
  } cases[] = {
      {1, 0, 8},
      {1, 1, 8},
      {1, 8, 8},
      {1, 9, 16},
      {8, 10, 16},
      {4, 12, 16},
      {8, 24, 24},
      {16, 24, 32},
      {8, 40, 40},
      {64, 8, 64},
      {32, 33, 64},
      {8, 1001, 1008},
      {1, 5001, 5008},
      {4096, 1, 4096},
      {65536, 1, 65536},
      {1, SLM_MAX_SIZE, SLM_MAX_SIZE},
      {8, SLM_MAX_SIZE - 7, SLM_MAX_SIZE},
  };
  EACH_BASE_PAGE_SIZE(page_size) {
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
      cache c;
      open_cache(&c, page_size, cases[i].alignment, cases[i].size);
      assert_int_equal(slm_cache_slot_size(c.cache), cases[i].slot);
      slm_class_statistics class = cache_class(&c);
      assert_int_equal(class.slot_size, cases[i].slot);
      assert_int_equal(class.page_size, slm_cache_page_size(c.cache));
      assert_true(class.slots_per_page >= 1 && class.slots_per_page * class.slot_size <= class.page_size);
      size_t count = class.slots_per_page + 3; /* more than a page */
      void **objects = malloc(count * sizeof *objects);
      for (size_t j = 0; j < count; j++) {
        assert_non_null(objects[j] = slm_cache_allocate(c.cache));
        assert_aligned(objects[j], cases[i].alignment);
        assert_int_equal(slm_cache_usable_size(c.cache, objects[j]), cases[i].slot);
        pattern_fill(objects[j], cases[i].slot, j);
      }
      assert_int_equal(cache_class(&c).pages, 2);
      assert_int_equal(cache_class(&c).slots_live, count);
      for (size_t j = 0; j < count; j++) {
        assert_true(pattern_holds(objects[j], cases[i].slot, j));
        assert_ok(slm_cache_deallocate(c.cache, objects[j]));
        assert_int_equal(slm_cache_usable_size(c.cache, objects[j]), 0);
      }
      assert_int_equal(cache_class(&c).empty_pages, 2);
      free(objects);
      close_cache(&c, 0);
    }
  }
}

static void every_alignment_works(void **state) {
  (void)state;
  for (size_t alignment = 1; alignment <= SLM_LARGE_PAGE_SIZE; alignment *= 2) {
    cache c;
    open_cache(&c, 4096, alignment, 100);
    for (size_t i = 0; i < 5; i++) {
      void *object = slm_cache_allocate(c.cache), *next = slm_cache_allocate(c.cache);
      assert_non_null(object);
      assert_aligned(object, alignment);
      assert_aligned(next, alignment);
      assert_true(slm_cache_usable_size(c.cache, object) >= 100);
      assert_ok(slm_cache_deallocate_aligned_sized(c.cache, next, alignment, 100));
    }
    close_cache(&c, 5);
  }
}

static void wrong_layouts_and_options_are_refused(void **state) {
  (void)state;
  static const size_t wrong[][2] = {{0, 8},        {3, 8},
                                    {24, 8},       {2 * SLM_LARGE_PAGE_SIZE, 8},
                                    {SIZE_MAX, 8}, {8, SLM_MAX_SIZE + 1},
                                    {8, SIZE_MAX}, {SLM_LARGE_PAGE_SIZE, SIZE_MAX}};
  cache c;
  memset(&c.storage, 0x5C, sizeof c.storage);
  for (size_t i = 0; i < COUNT_OF(wrong); i++)
    assert_null(slm_cache_init(&c.storage, sizeof c.storage, wrong[i][0], wrong[i][1], NULL, NULL));
  assert_null(slm_cache_init(NULL, sizeof c.storage, 8, 8, NULL, NULL));
  assert_null(slm_cache_init(&c.storage, slm_cache_storage_size(NULL) - 1, 8, 8, NULL, NULL));
  assert_null(slm_cache_init(c.storage.bytes + 8, sizeof c.storage - 8, 8, 8, NULL, NULL));
  slm_options options = {.struct_size = sizeof options, .flags = 4};
  assert_null(slm_cache_init(&c.storage, sizeof c.storage, 8, 8, &options, NULL));
  options = (slm_options){.struct_size = sizeof options, .page_size = 8192};
  assert_null(slm_cache_init(&c.storage, sizeof c.storage, 8, 8, &options, NULL));
  assert_true(bytes_are(&c.storage, sizeof c.storage, 0x5C));
  assert_true(slm_cache_storage_size(NULL) <= SLM_CACHE_STORAGE_SIZE);
  assert_true(slm_cache_storage_size(SUITE_NO_OPTIONS) <= sizeof c.storage);
  assert_non_null(slm_cache_init(&c.storage, slm_cache_storage_size(NULL), 8, 8, NULL, NULL));
  assert_non_null(slm_cache_init(&c.storage, SIZE_MAX, 8, 8, NULL, NULL));
  assert_ok(slm_cache_destroy((slm_cache *)&c.storage, NULL));
}

static void zeroed_and_flags(void **state) {
  (void)state;
  cache c;
  void *objects[200];
  open_cache(&c, 4096, 8, 104);
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < 200; i++) {
      if (i % 2 == 0) assert_non_null(objects[i] = slm_cache_allocate_zeroed(c.cache));
      else assert_ok(slm_cache_allocate_with(c.cache, SLM_ZEROED, &objects[i]));
      assert_true(bytes_are(objects[i], 104, 0));
      memset(objects[i], 0xFF, 104);
    }
    for (size_t i = 0; i < 200; i++) assert_ok(slm_cache_deallocate(c.cache, objects[i]));
  }
  void *out = &c;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_cache_allocate_with(c.cache, 4, &out));
  assert_null(out);
  assert_int_equal(cache_class(&c).slots_live, 0);
  close_cache(&c, 0);
}

static void only_whole_live_objects_are_taken_back(void **state) {
  (void)state;
  cache c;
  open_cache(&c, 4096, 16, 40); /* slots of 48 */
  char *object = slm_cache_allocate(c.cache), *other = slm_cache_allocate(c.cache);
  pattern_fill(other, 48, 1);
  assert_ok(slm_cache_deallocate(c.cache, NULL));
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_cache_deallocate(c.cache, &c));
  for (size_t i = 1; i < 48; i++) assert_status(SLM_ERR_INTERIOR_POINTER, slm_cache_deallocate(c.cache, object + i));
  assert_int_equal(slm_cache_usable_size(c.cache, object + 1), 0);
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_cache_deallocate_aligned_sized(c.cache, object, 16, 49));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_cache_deallocate_aligned_sized(c.cache, object, 32, 40));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_cache_deallocate_aligned_sized(c.cache, object, 32, 8));
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_cache_deallocate_aligned_sized(c.cache, object, 3, 40));
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_cache_deallocate_aligned_sized(c.cache, object, 16, SLM_MAX_SIZE + 1));
  assert_int_equal(cache_class(&c).slots_live, 2);
  assert_ok(slm_cache_deallocate_aligned_sized(c.cache, object, 16, 48));
  assert_status(SLM_ERR_DOUBLE_FREE, slm_cache_deallocate(c.cache, object));
  assert_status(SLM_ERR_DOUBLE_FREE, slm_cache_deallocate_aligned_sized(c.cache, object, 16, 40));
  assert_true(slm_cache_owns(c.cache, object) && slm_cache_owns(c.cache, other + 47) && !slm_cache_owns(c.cache, &c));
  assert_true(pattern_holds(other, 48, 1));
  assert_ok(slm_cache_deallocate_aligned_sized(c.cache, other, 1, 0));
  close_cache(&c, 0);
}

static void batches_and_reclaim(void **state) {
  (void)state;
  cache c;
  void *objects[1000];
  size_t done = 0;
  open_cache(&c, 4096, 8, 200);
  assert_int_equal(slm_cache_allocate_batch(c.cache, 0, objects), 0);
  c.provider.fail_at = 2; /* one page is all there is; a count is never negative */
  size_t slots = slm_cache_allocate_batch(c.cache, SIZE_MAX, objects);
  assert_int_equal(slots, cache_class(&c).slots_per_page);
  assert_ok(slm_cache_deallocate_batch(c.cache, objects, slots, NULL));
  assert_int_equal(slm_cache_allocate_batch(c.cache, 1000, objects), 1000);
  for (size_t i = 0; i < 1000; i++) pattern_fill(objects[i], 200, i);
  assert_disjoint(objects, 1000, 200);
  for (size_t i = 0; i < 1000; i++) assert_true(pattern_holds(objects[i], 200, i));
  size_t pages = cache_class(&c).pages;
  assert_int_equal(pages, (1000 + cache_class(&c).slots_per_page - 1) / cache_class(&c).slots_per_page);
  void *kept = objects[7];
  objects[7] = NULL;
  objects[8] = (char *)objects[8] + 1;
  assert_status(SLM_ERR_INTERIOR_POINTER, slm_cache_deallocate_batch(c.cache, objects, 1000, &done));
  assert_int_equal(done, 998);
  slm_reclaimed out = {.struct_size = sizeof out, .base_pages = 99, .large_pages = 99};
  assert_ok(slm_cache_reclaim(c.cache, 3, SIZE_MAX, &out));
  assert_int_equal(out.base_pages, 3);
  assert_int_equal(out.large_pages, 0);
  void *page = slm_cache_reclaim_page(c.cache, 4096);
  assert_non_null(page);
  assert_false(slm_cache_owns(c.cache, page));
  test_provider_give_back(&c.provider, page, 4096);
  assert_int_equal(cache_class(&c).pages, pages - 4);
  assert_ok(slm_cache_deallocate(c.cache, kept));
  assert_ok(slm_cache_deallocate(c.cache, (char *)objects[8] - 1));
  assert_ok(slm_cache_reclaim(c.cache, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(test_provider_out(&c.provider, BASE), 0);
  assert_null(slm_cache_reclaim_page(c.cache, 4096));
  close_cache(&c, 0);
}

static void push_and_wrong_pages(void **state) {
  (void)state;
  cache c, d;
  open_cache(&c, 16384, 8, 64);
  open_cache(&d, 16384, 8, 128);
  c.provider.dry = true;
  assert_null(slm_cache_allocate(c.cache));
  char *page = test_provider_take(&c.provider, 16384);
  assert_status(SLM_ERR_BAD_PAGE, slm_cache_refill(c.cache, NULL, 16384));
  assert_status(SLM_ERR_BAD_PAGE, slm_cache_refill(c.cache, page + 4096, 16384));
  assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_cache_refill(c.cache, page, 4096));
  assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_cache_refill(c.cache, page, SLM_LARGE_PAGE_SIZE));
  assert_true(bytes_are(page, 16384, PAGE_FRESH)); /* still ours, not written */
  assert_ok(slm_cache_refill(c.cache, page, 16384));
  assert_status(SLM_ERR_PAGE_OWNED, slm_cache_refill(c.cache, page, 16384));
  assert_status(SLM_ERR_PAGE_OWNED, slm_cache_refill(d.cache, page, 16384));
  assert_ptr_equal((void *)((uintptr_t)slm_cache_allocate(c.cache) & ~(uintptr_t)16383), page);
  assert_null(slm_cache_reclaim_page(c.cache, 16384));
  close_cache(&d, 0);
  close_cache(&c, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slots_are_the_size_rounded_to_the_alignment),
      cmocka_unit_test(every_alignment_works),
      cmocka_unit_test(wrong_layouts_and_options_are_refused),
      cmocka_unit_test(zeroed_and_flags),
      cmocka_unit_test(only_whole_live_objects_are_taken_back),
      cmocka_unit_test(batches_and_reclaim),
      cmocka_unit_test(push_and_wrong_pages),
  };
  return cmocka_run_group_tests_name(CACHE_FAMILY, tests, NULL, NULL);
}
