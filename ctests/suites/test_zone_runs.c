/* Objects above the size classes: each takes a run of pages of its own. */
#include "../support/run_provider.h"

static const size_t sizes[] = {65537,   100000,  131072,  131073,  262144,  300001,
                               1 << 20, 2097152, 2097153, 5000000, 20000000};

static void any_size_on_any_provider(slm_zone *zone, size_t page_size) {
  void *objects[COUNT_OF(sizes)];
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    size_t run = run_bytes(sizes[i], page_size);
    unsigned char *object = objects[i] = slm_zone_allocate(zone, sizes[i]);
    assert_non_null(object);
    assert_aligned(object, page_size);
    assert_int_equal(slm_zone_usable_size(zone, object), run - CANARY);
    assert_int_equal(slm_zone_good_size(zone, sizes[i]), run - CANARY);
    assert_true(slm_zone_owns(zone, object) && slm_zone_owns(zone, object + run - 1));
    pattern_fill_ends(object, run - CANARY, i);
    slm_statistics now = statistics_of(zone);
    assert_int_equal(now.objects_large, i + 1);
    assert_int_equal(now.slots_live, i + 1);
  }
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    assert_true(pattern_ends_hold(objects[i], run_bytes(sizes[i], page_size) - CANARY, i));
    if (i % 3 == 0) assert_ok(slm_zone_deallocate(zone, objects[i]));
    else if (i % 3 == 1) assert_ok(slm_zone_deallocate_sized(zone, objects[i], sizes[i]));
    else assert_ok(slm_zone_deallocate_aligned_sized(zone, objects[i], 16, sizes[i]));
    assert_false(slm_zone_owns(zone, objects[i]));
    assert_int_equal(slm_zone_usable_size(zone, objects[i]), 0);
  }
  slm_statistics now = statistics_of(zone);
  assert_int_equal(now.objects_large, 0);
  assert_int_equal(now.bytes_large, 0);
  assert_int_equal(now.bytes_live, 0);
}

static void any_size(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    run_fixture f;
    open_runs(&f, page_size, true);
    any_size_on_any_provider(f.zone, page_size);
    /* What is left is for descriptors of runs. */
    assert_int_equal(f.provider.pages_out, statistics_of(f.zone).table_pages);
    assert_int_equal(f.provider.pages_out, 1);
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
    assert_int_equal(f.provider.pages_out, 0);
    close_runs(&f, 0);
  }
}

static void any_size_of_a_region(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)64 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  EACH_BASE_PAGE_SIZE(page_size) {
    slm_region *region = slm_region_init(memory, all, page_size, NULL);
    assert_non_null(region);
    size_t available = slm_region_available(region, page_size);
    slm_options options = SUITE_OPTIONS(slm_region_provider(region));
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    any_size_on_any_provider(zone, page_size);
    /* An object takes what is there. */
    void *object = slm_zone_allocate(zone, 50000000);
    assert_non_null(object);
    assert_null(slm_zone_allocate(zone, 50000000));
    assert_ok(slm_zone_deallocate(zone, object));
    assert_non_null(slm_zone_allocate(zone, 50000000));
    assert_ok(slm_zone_destroy(zone, NULL));
    assert_int_equal(slm_region_available(region, page_size), available);
  }
  munmap(memory, all);
}

static void any_size_of_the_system(void **state) {
  (void)state;
  static storage_type storage;
  slm_provider_statistics before = {.struct_size = sizeof before}, after = before;
  assert_ok(slm_mmap_statistics(&before));
  slm_options options = SUITE_OPTIONS(slm_mmap_provider());
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  any_size_on_any_provider(zone, slm_zone_page_size(zone, 1, 1));
  assert_non_null(slm_zone_allocate(zone, 1000000));
  assert_ok(slm_zone_destroy(zone, NULL));
  assert_ok(slm_mmap_statistics(&after));
  assert_int_equal(before.base_pages_taken - before.base_pages_given_back,
                   after.base_pages_taken - after.base_pages_given_back);
}

/** Stacks whose bottom is found by a mask, tables of a granule: memory that is aligned to its own size. */
static void aligned_to_own_size(void **state) {
  (void)state;
  for (size_t size = 65536; size <= (size_t)4 << 20; size *= 2) {
    run_fixture f;
    size_t count = ((size_t)128 << 20) / size;
    void **objects = malloc(count * sizeof *objects);
    open_runs(&f, 4096, true);
    for (size_t i = 0; i < count; i++) {
      assert_non_null(objects[i] = slm_zone_allocate_aligned(f.zone, size, size - CANARY));
      assert_aligned(objects[i], size);
      pattern_fill_ends(objects[i], size - CANARY, i);
    }
    assert_true((double)f.provider.pages_out * 4096 <= 1.15 * (double)(count * size));
    for (size_t i = 0; i < count; i++) {
      assert_true(pattern_ends_hold(objects[i], size - CANARY, i));
      assert_ok(slm_zone_deallocate_aligned_sized(f.zone, objects[i], size, size - CANARY));
    }
    free(objects);
    close_runs(&f, 0);
  }
}

static void every_alignment_of_a_run(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    run_fixture f;
    open_runs(&f, page_size, true);
    for (size_t alignment = 1; alignment <= (size_t)64 << 20; alignment *= 2) {
      static const size_t some[] = {1, 100000, 300000};
      for (size_t i = 0; i < COUNT_OF(some); i++) {
        void *object = slm_zone_allocate_aligned(f.zone, alignment, some[i]);
        assert_non_null(object);
        assert_aligned(object, alignment);
        assert_ok(slm_zone_deallocate_aligned_sized(f.zone, object, alignment, some[i]));
      }
    }
    /* An object that only its alignment puts there has the pages it needs, and no more. */
    void *object = slm_zone_allocate_aligned(f.zone, SLM_LARGE_PAGE_SIZE, 100);
    assert_int_equal(slm_zone_usable_size(f.zone, object), page_size - CANARY);
    assert_int_equal(statistics_of(f.zone).bytes_large, page_size);
    assert_ok(slm_zone_deallocate(f.zone, object));
    close_runs(&f, 0);
  }
}

static void wrong_pointers_are_told(void **state) {
  (void)state;
  enum { COUNT = 12 };
  run_fixture f;
  unsigned char *objects[COUNT];
  open_runs(&f, 4096, true);
  for (size_t i = 0; i < COUNT; i++) assert_non_null(objects[i] = slm_zone_allocate(f.zone, 300000));
  static const size_t inside[] = {1, 8, 16, 4095, 4096, 65536, 299999, 300000};
  for (size_t i = 0; i < COUNT_OF(inside); i++) {
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate(f.zone, objects[3] + inside[i]));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate_sized(f.zone, objects[3] + inside[i], 100));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate_sized(f.zone, objects[3] + inside[i], 300000));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_resize(f.zone, objects[3] + inside[i], 1));
    assert_null(slm_zone_reallocate(f.zone, objects[3] + inside[i], 100));
    assert_int_equal(slm_zone_usable_size(f.zone, objects[3] + inside[i]), 0);
  }
  /* Sizes of another number of pages, of a class, and of none. */
  static const size_t wrong[] = {1, 100, 2048, 60000, 70000, 303104, 303105, 200000, 1000000};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    if (run_bytes(wrong[i], 4096) == run_bytes(300000, 4096)) continue;
    assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(f.zone, objects[3], wrong[i]));
    assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_aligned_sized(f.zone, objects[3], 16, wrong[i]));
  }
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_deallocate_sized(f.zone, objects[3], SIZE_MAX));
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_deallocate_aligned_sized(f.zone, objects[3], 3, 300000));
  size_t alignment = 4096;
  while ((uintptr_t)objects[3] % alignment == 0) alignment *= 2;
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_aligned_sized(f.zone, objects[3], alignment, 300000));
  assert_int_equal(statistics_of(f.zone).objects_large, COUNT);
  assert_ok(slm_zone_deallocate_sized(f.zone, objects[3], 299100)); /* the same number of pages */
  /* A small object is no large one. */
  void *small = slm_zone_allocate(f.zone, 100);
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(f.zone, small, 300000));
  assert_ok(slm_zone_deallocate(f.zone, small));
  close_runs(&f, COUNT - 1);
}

/** The latest 8 that ended are remembered. */
static void a_second_deallocation(void **state) {
  (void)state;
  enum { COUNT = 12 };
  run_fixture f;
  unsigned char *objects[COUNT];
  open_runs(&f, 4096, true);
  for (size_t i = 0; i < COUNT; i++) assert_non_null(objects[i] = slm_zone_allocate(f.zone, 300000));
  for (size_t i = 0; i < COUNT; i++) {
    assert_ok(slm_zone_deallocate(f.zone, objects[i]));
    for (size_t j = 0; j <= i; j++) {
      slm_status want = j + 8 > i ? SLM_ERR_DOUBLE_FREE : SLM_ERR_FOREIGN_POINTER;
      assert_status(want, slm_zone_deallocate(f.zone, objects[j]));
      assert_status(want, slm_zone_deallocate_sized(f.zone, objects[j], 300000));
      assert_status(want, slm_zone_resize(f.zone, objects[j], 1));
      assert_null(slm_zone_reallocate(f.zone, objects[j], 1));
      assert_status(SLM_ERR_FOREIGN_POINTER, slm_zone_deallocate(f.zone, objects[j] + 4096));
    }
  }
  /* Its pages serve another object, as large or small: what was there before does not matter. */
  void *again = slm_zone_allocate(f.zone, 300000);
  assert_ok(slm_zone_deallocate(f.zone, again));
  close_runs(&f, 0);
}

static void sizes_that_nobody_has(void **state) {
  (void)state;
  run_fixture f;
  void *out = &f;
  open_runs(&f, 4096, true);
  static const size_t too_large[] = {PTRDIFF_MAX / 2 + 1, PTRDIFF_MAX, SIZE_MAX - 4096, SIZE_MAX};
  for (size_t i = 0; i < COUNT_OF(too_large); i++) {
    assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_allocate_with(f.zone, 8, too_large[i], 0, &out));
    assert_null(out);
    assert_int_equal(slm_zone_page_size(f.zone, 8, too_large[i]), 0);
    assert_int_equal(slm_zone_good_size(f.zone, too_large[i]), 0);
  }
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_allocate_with(f.zone, (size_t)1 << 63, 8, 0, &out));
  assert_int_equal(f.provider.calls, 0);
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, PTRDIFF_MAX / 2, 0, &out));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, (size_t)1 << 40, 8, 0, &out));
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_reserve(f.zone, 8, 300000, 1));
  close_runs(&f, 0);
}

static void a_batch_of_large_objects(void **state) {
  (void)state;
  run_fixture f;
  void *objects[10];
  size_t done = 0;
  open_runs(&f, 4096, true);
  assert_int_equal(slm_zone_allocate_batch(f.zone, 300000, 10, objects), 10);
  assert_disjoint(objects, 10, 300000);
  assert_int_equal(statistics_of(f.zone).objects_large, 10);
  assert_ok(slm_zone_deallocate_batch(f.zone, objects, 10, &done));
  assert_int_equal(done, 10);
  assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate_batch(f.zone, objects + 9, 1, &done));
  assert_int_equal(done, 0);
  close_runs(&f, 0);
}

/** Where classes end, each call serves what the others serve. With a canary classes end earlier. */
static void each_call_serves_each_size(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    run_fixture f;
    open_runs(&f, page_size, true);
    static const size_t ends[] = {65536, SLM_MAX_SIZE};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
      for (size_t size = ends[i] - 20; size <= ends[i] + 20; size++) {
        void *out[7] = {NULL};
        assert_non_null(out[0] = slm_zone_allocate(f.zone, size));
        assert_non_null(out[1] = slm_zone_allocate_zeroed(f.zone, size));
        assert_non_null(out[2] = slm_zone_allocate_aligned(f.zone, 64, size));
        assert_non_null(out[3] = slm_zone_reallocate(f.zone, NULL, size));
        assert_ok(slm_zone_allocate_with(f.zone, 8, size, 0, &out[4]));
        assert_int_equal(slm_zone_allocate_batch(f.zone, size, 2, &out[5]), 2);
        for (size_t j = 0; j < COUNT_OF(out); j++) assert_ok(slm_zone_deallocate_sized(f.zone, out[j], size));
      }
    }
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
    close_runs(&f, 0);
  }
}

/** The end of a zone gives every run back, with and without an object. */
static void the_end_takes_all(void **state) {
  (void)state;
  run_fixture f;
  open_runs(&f, 4096, true);
  for (size_t i = 0; i < 200; i++) assert_non_null(slm_zone_allocate(f.zone, 70000 + i * 1000));
  for (size_t i = 0; i < 200; i++) assert_non_null(slm_zone_allocate(f.zone, 100));
  close_runs(&f, 400);
  open_runs(&f, 4096, false);
  for (size_t i = 0; i < 50; i++) {
    size_t bytes = slm_zone_page_size(f.zone, 8, 200000);
    assert_ok(slm_zone_refill(f.zone, 8, 200000, take_run(&f, bytes, 4096), bytes));
  }
  for (size_t i = 0; i < 20; i++) assert_non_null(slm_zone_allocate(f.zone, 200000));
  close_runs(&f, 20);
}

static void a_zeroed_run_reads_as_zero(void **state) {
  (void)state;
  run_fixture f;
  open_runs(&f, 4096, true);
  for (size_t round = 0; round < 3; round++) {
    unsigned char *object = slm_zone_allocate_zeroed(f.zone, 300000);
    assert_non_null(object);
    assert_true(bytes_are(object, 300000, 0));
    memset(object, 0xFF, slm_zone_usable_size(f.zone, object));
    assert_ok(slm_zone_deallocate(f.zone, object));
  }
  close_runs(&f, 0);
}

#ifdef SUITE_HARDENED
/** A run ends with a canary, and what was there is cleared before it goes. */
static void an_overflow_of_a_run_is_found(void **state) {
  (void)state;
  for (int pull = 0; pull < 2; pull++) {
    run_fixture f;
    open_runs(&f, 4096, pull);
    if (!pull) {
      size_t bytes = slm_zone_page_size(f.zone, 8, 300000);
      assert_ok(slm_zone_refill(f.zone, 8, 300000, take_run(&f, bytes, 4096), bytes));
    }
    unsigned char *object = slm_zone_allocate(f.zone, 300000);
    size_t usable = slm_zone_usable_size(f.zone, object);
    memset(object, 0xFF, usable);
    for (size_t at = 0; at < CANARY; at++) {
      object[usable + at] ^= 0x40;
      assert_status(SLM_ERR_OVERFLOW, slm_zone_deallocate(f.zone, object));
      assert_status(SLM_ERR_OVERFLOW, slm_zone_deallocate_sized(f.zone, object, 300000));
      assert_status(SLM_ERR_OVERFLOW, slm_zone_resize(f.zone, object, 1));
      assert_null(slm_zone_reallocate(f.zone, object, 100));
      assert_null(slm_zone_reallocate(f.zone, object, 1000000));
      object[usable + at] ^= 0x40;
    }
    assert_int_equal(statistics_of(f.zone).slots_live, 1);
    assert_true(bytes_are(object, usable, 0xFF));
    assert_ok(slm_zone_deallocate(f.zone, object));
    if (!pull) assert_true(bytes_are(object, usable + CANARY, 0));
    close_runs(&f, 0);
  }
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_size),
      cmocka_unit_test(any_size_of_a_region),
      cmocka_unit_test(any_size_of_the_system),
      cmocka_unit_test(aligned_to_own_size),
      cmocka_unit_test(every_alignment_of_a_run),
      cmocka_unit_test(wrong_pointers_are_told),
      cmocka_unit_test(a_second_deallocation),
      cmocka_unit_test(sizes_that_nobody_has),
      cmocka_unit_test(a_batch_of_large_objects),
      cmocka_unit_test(each_call_serves_each_size),
      cmocka_unit_test(the_end_takes_all),
      cmocka_unit_test(a_zeroed_run_reads_as_zero),
#ifdef SUITE_HARDENED
      cmocka_unit_test(an_overflow_of_a_run_is_found),
#endif
  };
  return RUN_SUITE("runs", tests);
}
