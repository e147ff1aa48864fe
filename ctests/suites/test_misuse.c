/* Wrong layouts, pages and arguments get a status and change nothing: after each, the same zone goes on working. */
#include "../support/victim.h"

static void layouts_that_no_slot_can_have(void **state) {
  (void)state;
  static const struct {
    size_t alignment, size;
  } wrong[] = {
      {0, 8},
      {3, 8},
      {24, 8},
      {SIZE_MAX, 8},
      {2 * SLM_LARGE_PAGE_SIZE, 8},
      {SLM_LARGE_PAGE_SIZE + 1, 8},
      {(size_t)1 << 63, 8},
      {8, LARGEST + 1},
      {SLM_LARGE_PAGE_SIZE, LARGEST + 1},
      {8, SIZE_MAX},
      {8, SIZE_MAX - 6},
      {SLM_LARGE_PAGE_SIZE, SIZE_MAX - 5},
      {(size_t)1 << 63, (size_t)1 << 63},
      {0, 0},
      {0, SIZE_MAX},
  };
  victim v;
  open_victim(&v);
  slm_zone *zone = v.f.zone;
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    void *out = &v, *page = test_provider_take_stray(&v.f.provider, 4096);
    assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_allocate_with(zone, wrong[i].alignment, wrong[i].size, 0, &out));
    assert_null(out);
    assert_null(slm_zone_allocate_aligned(zone, wrong[i].alignment, wrong[i].size));
    assert_int_equal(slm_zone_page_size(zone, wrong[i].alignment, wrong[i].size), 0);
    assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_refill(zone, wrong[i].alignment, wrong[i].size, page, 4096));
    assert_status(SLM_ERR_INVALID_LAYOUT,
                  slm_zone_deallocate_aligned_sized(zone, v.small, wrong[i].alignment, wrong[i].size));
    assert_null(slm_zone_reallocate_aligned(zone, v.small, wrong[i].alignment, wrong[i].size));
    if (wrong[i].size > SLM_MAX_SIZE) {
      assert_null(slm_zone_allocate(zone, wrong[i].size));
      assert_null(slm_zone_allocate_zeroed(zone, wrong[i].size));
      assert_null(slm_zone_reallocate(zone, v.small, wrong[i].size));
      assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_deallocate_sized(zone, v.small, wrong[i].size));
    }
    unharmed(&v);
    test_provider_give_back_stray(&v.f.provider, page, 4096);
  }
  close_victim(&v);
}

static void size_0_is_the_smallest_class(void **state) {
  (void)state;
  victim v;
  void *objects[3] = {NULL, NULL, NULL};
  open_victim(&v);
  objects[0] = slm_zone_allocate(v.f.zone, 0);
  objects[1] = slm_zone_allocate_zeroed(v.f.zone, 0);
  assert_ok(slm_zone_allocate_with(v.f.zone, 1, 0, 0, &objects[2]));
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(slm_zone_usable_size(v.f.zone, objects[i]), 8);
    assert_ok(slm_zone_deallocate_sized(v.f.zone, objects[i], 0));
  }
  close_victim(&v);
}

static void pages_that_no_zone_can_take(void **state) {
  (void)state;
  victim v;
  open_victim(&v);
  slm_zone *zone = v.f.zone;
  char *page = test_provider_take_stray(&v.f.provider, 4096);
  char *large = test_provider_take_stray(&v.f.provider, SLM_LARGE_PAGE_SIZE);
  assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(zone, 8, 40, NULL, 4096));
  for (size_t offset = 1; offset < 4096; offset *= 2)
    assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(zone, 8, 40, page + offset, 4096));
  assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(zone, 8, 50000, large + 4096, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_BAD_PAGE,
                slm_zone_refill(zone, 8, 50000, large + SLM_LARGE_PAGE_SIZE / 2, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(zone, 8, 40, (void *)UINTPTR_MAX, 4096));
  static const size_t sizes[] = {0, 1, 2048, 4095, 4097, 8192, 16384, 65536, SLM_LARGE_PAGE_SIZE, SIZE_MAX};
  for (size_t i = 0; i < COUNT_OF(sizes); i++)
    assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_zone_refill(zone, 8, 40, page, sizes[i]));
  assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_zone_refill(zone, 8, 50000, large, 4096));
  assert_true(bytes_are(page, 4096, PAGE_FRESH)); /* refused, so not written */
  assert_true(bytes_are(large, SLM_LARGE_PAGE_SIZE, PAGE_FRESH));
  assert_false(slm_zone_owns(zone, page) || slm_zone_owns(zone, large));
  unharmed(&v);
  memset(v.f.provider.strays, 0, sizeof v.f.provider.strays);
  assert_ok(slm_zone_refill(zone, 8, 40, page, 4096)); /* there was nothing wrong with the page */
  assert_ok(slm_zone_refill(zone, 8, 50000, large, SLM_LARGE_PAGE_SIZE));
  close_victim(&v);
}

static void pages_that_are_owned(void **state) {
  (void)state;
  victim v;
  storage_type storage;
  slm_cache_storage cache_storage;
  open_victim(&v);
  slm_zone *zone = v.f.zone, *other = slm_zone_init(&storage, sizeof storage, SUITE_NO_OPTIONS, NULL);
  slm_cache *cache = slm_cache_init(&cache_storage, sizeof cache_storage, 8, 40, NULL, NULL);
  char *page = (char *)((uintptr_t)v.small & ~(uintptr_t)4095);
  char *large = (char *)((uintptr_t)v.large & ~(SLM_LARGE_PAGE_SIZE - 1));
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(zone, 8, 40, page, 4096));
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(zone, 8, 700, page, 4096)); /* as another class */
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(zone, 8, 50000, large, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(other, 8, 40, page, 4096)); /* by another zone */
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(other, 8, 50000, large, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_PAGE_OWNED, slm_cache_refill(cache, page, 4096)); /* by another kind of allocator */
  unharmed(&v);
  /* Base pages within a large page of the zone, and a large page around base pages of the zone. */
  for (size_t offset = 0; offset < SLM_LARGE_PAGE_SIZE; offset += 4096 * 73)
    assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(zone, 8, 40, large + offset, 4096));
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(zone, 8, 40, large + SLM_LARGE_PAGE_SIZE - 4096, 4096));
  unharmed(&v);
  char *block = test_provider_take(&v.f.provider, SLM_LARGE_PAGE_SIZE);
  for (size_t offset = 0; offset < SLM_LARGE_PAGE_SIZE;
       offset += SLM_LARGE_PAGE_SIZE - 4096) { /* the first, the last */
    assert_ok(slm_zone_refill(other, 8, 40, block + offset, 4096));
    assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(other, 8, 50000, block, SLM_LARGE_PAGE_SIZE));
    void *object = slm_zone_allocate(other, 40);
    assert_non_null(object); /* it is still a page of that zone */
    assert_ok(slm_zone_deallocate(other, object));
    assert_ptr_equal(slm_zone_reclaim_page(other, 4096), block + offset);
  }
  /* What was given up can be owned again, by anyone. */
  assert_ok(slm_zone_refill(other, 8, 50000, block, SLM_LARGE_PAGE_SIZE));
  assert_ptr_equal(slm_zone_reclaim_page(other, SLM_LARGE_PAGE_SIZE), block);
  assert_ok(slm_zone_refill(zone, 8, 50000, block, SLM_LARGE_PAGE_SIZE));
  /* The byte for byte copy of an owned page is not owned: what a page holds does not matter. */
  void *copy = test_provider_take(&v.f.provider, 4096);
  memcpy(copy, page, 4096);
  assert_ok(slm_cache_refill(cache, copy, 4096));
  assert_ptr_equal(slm_cache_reclaim_page(cache, 4096), copy);
  test_provider_give_back(&v.f.provider, copy, 4096);
  assert_ok(slm_zone_destroy(other, NULL));
  assert_ok(slm_cache_destroy(cache, NULL));
  close_victim(&v);
}

static void arguments_that_are_wrong(void **state) {
  (void)state;
  victim v;
  open_victim(&v);
  for (unsigned bit = 2; bit < 32; bit++) { /* SLM_ZEROED and SLM_NOWAIT are the lowest */
    void *out = &v;
    assert_status(SLM_ERR_INVALID_ARGUMENT,
                  slm_zone_allocate_with(v.f.zone, 8, 40, (uint32_t)1 << bit | SLM_ZEROED, &out));
    assert_null(out);
  }
  void *no_object = NULL;
  assert_ok(slm_zone_deallocate(v.f.zone, NULL));
  assert_ok(slm_zone_deallocate_sized(v.f.zone, NULL, 40));
  assert_ok(slm_zone_deallocate_aligned_sized(v.f.zone, NULL, 8, 40));
  /* No object has no layout that could be wrong. */
  assert_ok(slm_zone_deallocate_sized(v.f.zone, NULL, SLM_MAX_SIZE + 1));
  assert_ok(slm_zone_deallocate_sized(v.f.zone, NULL, SIZE_MAX));
  assert_ok(slm_zone_deallocate_aligned_sized(v.f.zone, NULL, 8, SIZE_MAX));
  assert_ok(slm_zone_deallocate_aligned_sized(v.f.zone, NULL, 3, 40));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_resize(v.f.zone, no_object, 40));
  assert_int_equal(slm_zone_usable_size(v.f.zone, NULL), 0);
  close_victim(&v);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layouts_that_no_slot_can_have), cmocka_unit_test(size_0_is_the_smallest_class),
      cmocka_unit_test(pages_that_no_zone_can_take),   cmocka_unit_test(pages_that_are_owned),
      cmocka_unit_test(arguments_that_are_wrong),
  };
  return RUN_SUITE("misuse", tests);
}
