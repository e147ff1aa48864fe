/* Objects above the size classes: each takes a run of pages of its own, from the provider or from runs that were pushed. */
#include "../support/run_provider.h"

static const size_t sizes[] = {65537,   100000,  131072,  131073,  262144,  300001,
                               1 << 20, 2097152, 2097153, 5000000, 20000000};

/** The bytes of the run of an object where the provider gives runs. */
static size_t run_bytes(size_t size, size_t page_size) {
  return (size + CANARY + page_size - 1) / page_size * page_size;
}

/** Whether an object of this size takes a run where the provider gives runs. */
static bool takes_run(size_t size) { return size + CANARY > 65536; }

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

/** A region resizes runs in place: down always, up while the pages behind are free. */
static void resize_in_place(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)32 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  slm_region *region = slm_region_init(memory, all, 4096, NULL);
  slm_options options = SUITE_OPTIONS(slm_region_provider(region));
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  unsigned char *object = slm_zone_allocate(zone, 1000000);
  assert_non_null(object);
  size_t available = slm_region_available(region, 4096), full = run_bytes(1000000, 4096);
  pattern_fill(object, 1000000, 1);
  assert_ok(slm_zone_resize(zone, object, 300000));
  assert_int_equal(slm_region_available(region, 4096), available + (full - run_bytes(300000, 4096)) / 4096);
  assert_int_equal(slm_zone_usable_size(zone, object), run_bytes(300000, 4096) - CANARY);
  assert_int_equal(statistics_of(zone).bytes_large, run_bytes(300000, 4096));
  assert_true(pattern_holds(object, 300000, 1));
  assert_false(slm_zone_owns(zone, object + run_bytes(300000, 4096)));
  assert_ok(slm_zone_resize(zone, object, 1000000));
  assert_int_equal(slm_region_available(region, 4096), available);
  assert_true(pattern_holds(object, 300000, 1));
  assert_int_equal(slm_zone_usable_size(zone, object), full - CANARY);
  pattern_fill(object, full - CANARY, 2);
  /* A neighbour: not any further. Nothing changes. */
  unsigned char *neighbour = object + full;
  void *others[8];
  size_t count = 0;
  bool is_there = false;
  while (count < 8 && !is_there) {
    assert_non_null(others[count] = slm_zone_allocate(zone, 300000));
    is_there = others[count++] == neighbour;
  }
  if (is_there) {
    assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(zone, object, full + 1));
    assert_int_equal(slm_zone_usable_size(zone, object), full - CANARY);
  }
  assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(zone, object, all));
  assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(zone, object, SIZE_MAX));
  assert_true(pattern_holds(object, full - CANARY, 2));
  /* A resize is no reallocation: the object is freed by the size that it was allocated with. */
  assert_ok(slm_zone_resize(zone, object, 100000));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(zone, object, 500000));
  assert_ok(slm_zone_deallocate_sized(zone, object, 1000000));
  assert_ok(slm_zone_destroy(zone, NULL));
  munmap(memory, all);
}

static void reallocate_keeps_the_content(void **state) {
  (void)state;
  static const size_t steps[] = {100,     2000,    60000,  70000, 131072, 200000, 1000000,
                                 3000000, 2500000, 150000, 66000, 500,    8,      400000};
  static storage_type storage;
  size_t all = (size_t)32 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  for (int provider = 0; provider < 3; provider++) {
    run_fixture f;
    slm_zone *zone = NULL;
    if (provider == 0) {
      open_runs(&f, 4096, true);
      zone = f.zone;
    } else {
      slm_options options = SUITE_OPTIONS(provider == 1 ? slm_region_provider(slm_region_init(memory, all, 4096, NULL))
                                                        : slm_mmap_provider());
      zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    }
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
      for (size_t j = 0; j < COUNT_OF(steps); j++) {
        size_t kept = steps[i] < steps[j] ? steps[i] : steps[j];
        unsigned char *object = slm_zone_allocate(zone, steps[i]);
        pattern_fill(object, steps[i], i);
        unsigned char *after = slm_zone_reallocate(zone, object, steps[j]);
        assert_non_null(after);
        assert_true(pattern_holds(after, kept, i));
        assert_true(slm_zone_usable_size(zone, after) >= steps[j]);
        memset(after, 0x77, slm_zone_usable_size(zone, after));
        assert_int_equal(statistics_of(zone).slots_live, 1);
        assert_int_equal(statistics_of(zone).objects_large, takes_run(steps[j]));
        /* It is an object of the new size now. */
        assert_ok(slm_zone_deallocate_sized(zone, after, steps[j]));
      }
    }
    if (provider == 0) close_runs(&f, 0);
    else assert_ok(slm_zone_destroy(zone, NULL));
  }
  munmap(memory, all);
}

/** Objects that grow step by step where a region has room. */
static void an_object_grows_in_place(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)64 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  slm_options options = SUITE_OPTIONS(slm_region_provider(slm_region_init(memory, all, 4096, NULL)));
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  unsigned char *object = slm_zone_allocate(zone, 200000);
  pattern_fill(object, 200000, 1);
  for (size_t size = 204800; size < (size_t)16 << 20; size += 65536) {
    unsigned char *after = slm_zone_reallocate(zone, object, size);
    assert_ptr_equal(after, object);
    assert_true(pattern_holds(object, 200000, 1));
  }
  for (size_t size = (size_t)16 << 20; size > 500000; size -= 300000)
    assert_ptr_equal(slm_zone_reallocate(zone, object, size), object);
  assert_true(pattern_holds(object, 200000, 1));
  assert_int_equal(statistics_of(zone).objects_large, 1);
  assert_ok(slm_zone_destroy(zone, NULL));
  munmap(memory, all);
}

static slm_status try_allocate(slm_zone *zone, size_t alignment, size_t size) {
  void *out = NULL;
  slm_status status = slm_zone_allocate_with(zone, alignment, size, 0, &out);
  assert_int_equal(out != NULL, status == SLM_OK);
  return status;
}

static void bad_runs_are_refused(void **state) {
  (void)state;
  run_fixture f;
  open_runs(&f, 4096, true);
  unsigned char *small = slm_zone_allocate(f.zone, 100), *large = slm_zone_allocate(f.zone, 300000);
  assert_true(small != NULL && large != NULL);
  uint64_t live = statistics_of(f.zone).slots_live;
  size_t out = f.provider.pages_out;
  unsigned char *arena = f.provider.arena;
  size_t top = RUN_ARENA_SIZE / 2;
  static const size_t odd[] = {1, 8, 64, 2048, 4095};
  for (size_t i = 0; i < COUNT_OF(odd); i++) { /* misaligned: it goes back */
    f.provider.next = arena + top + odd[i];
    assert_status(SLM_ERR_BAD_PAGE, try_allocate(f.zone, 8, 300000));
    assert_null(f.provider.odd);
  }
  f.provider.next = arena + top + 4096;
  assert_status(SLM_ERR_BAD_PAGE, try_allocate(f.zone, 65536, 300000));
  assert_null(f.provider.odd);
  /* Pages of the zone: of a slab, of a run, of descriptors; at the start, the end and in the middle. */
  unsigned char *slab = (unsigned char *)((uintptr_t)small & ~(uintptr_t)4095);
  unsigned char *owned[] = {slab, large, large + 4096, large + 8 * 4096};
  for (size_t i = 0; i < COUNT_OF(owned); i++) {
    f.provider.next = owned[i];
    assert_status(SLM_ERR_PAGE_OWNED, try_allocate(f.zone, 8, 300000));
    f.provider.odd = NULL; /* it is the zone's */
    f.provider.next = owned[i];
    assert_status(SLM_ERR_PAGE_OWNED, try_allocate(f.zone, 8, 70000));
    f.provider.odd = NULL;
  }
  if (large - arena >= 16 * 4096) {
    f.provider.next = large - 16 * 4096;
    assert_status(SLM_ERR_PAGE_OWNED, try_allocate(f.zone, 8, 300000));
    f.provider.odd = NULL;
  }
  f.provider.dry = true;
  assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, 8, 300000));
  f.provider.dry = false;
  assert_int_equal(f.provider.pages_out, out);
  assert_int_equal(statistics_of(f.zone).slots_live, live);
  assert_ok(try_allocate(f.zone, 8, 300000));
  close_runs(&f, 3);
}

/** A run that another zone has shows by the other zone's seal, if it ends where a slab does. */
static void slabs_of_other_zones_are_refused(void **state) {
  (void)state;
  run_fixture f, other;
  open_runs(&f, 4096, true);
  open_runs(&other, 4096, true);
  assert_ok(slm_zone_deallocate(f.zone, slm_zone_allocate(f.zone, 300000))); /* it has descriptors */
  assert_non_null(slm_zone_allocate(other.zone, 300000));
  size_t before = other.provider.pages_out;
  unsigned char *slab = slm_zone_allocate(other.zone, 16);
  unsigned char *end =
      (unsigned char *)((uintptr_t)slab & ~(uintptr_t)4095) + (other.provider.pages_out - before) * 4096;
  f.provider.next = end - run_bytes(100000, 4096);
  assert_status(SLM_ERR_PAGE_OWNED, try_allocate(f.zone, 8, 100000));
  f.provider.odd = NULL; /* it is the other's */
  close_runs(&f, 0);
  close_runs(&other, 2);
}

/** Takes a run of the provider for a push. */
static void *take(run_fixture *f, size_t size, size_t alignment) {
  void *run =
      run_provider_take(&f->provider, size, alignment < f->provider.page_size ? f->provider.page_size : alignment);
  assert_non_null(run);
  return run;
}

static void pushed_runs(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    run_fixture f;
    open_runs(&f, page_size, false);
    assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, 8, 300000));
    size_t bytes = slm_zone_page_size(f.zone, 8, 300000), more = slm_zone_page_size(f.zone, 8, 1000000);
    assert_true(bytes % page_size == 0 && bytes >= 300000 + CANARY && bytes < 300000 + 2 * page_size);
    unsigned char *run = take(&f, bytes, page_size), *longer = take(&f, more, page_size);
    assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_zone_refill(f.zone, 8, 300000, run, bytes - 1));
    assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_zone_refill(f.zone, 8, 300000, run, 0));
    assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(f.zone, 8, 300000, NULL, bytes));
    assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(f.zone, 8, 300000, run + 64, bytes));
    assert_ok(slm_zone_refill(f.zone, 8, 1000000, longer, more));
    assert_ok(slm_zone_refill(f.zone, 8, 300000, run, bytes));
    assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(f.zone, 8, 300000, run, bytes));
    assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(f.zone, 8, 300000, run + page_size, bytes));
    assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(f.zone, 8, 100, run, page_size));
    assert_int_equal(statistics_of(f.zone).slots_live, 0);
    /* The shortest that holds it. */
    unsigned char *object = slm_zone_allocate(f.zone, 300000);
    assert_ptr_equal(object, run);
    assert_true(slm_zone_usable_size(f.zone, object) >= 300000);
    pattern_fill(object, slm_zone_usable_size(f.zone, object), 1);
    unsigned char *other = slm_zone_allocate(f.zone, 200000);
    assert_ptr_equal(other, longer);
    pattern_fill(other, slm_zone_usable_size(f.zone, other), 2);
    assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, 8, 200000));
    assert_true(pattern_holds(object, slm_zone_usable_size(f.zone, object), 1));
    check_runs(&f);
    /* It stays when its object goes, and serves the next. */
    assert_null(slm_zone_reclaim_page(f.zone, bytes));
    assert_ok(slm_zone_deallocate_sized(f.zone, object, 300000));
    assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(f.zone, object));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate(f.zone, object + page_size));
    assert_true(slm_zone_owns(f.zone, object));
    assert_ptr_equal(object = slm_zone_allocate(f.zone, 150000), run);
    assert_ok(slm_zone_deallocate(f.zone, object));
    /* Out again: one of exactly so many bytes, by the caller's way; or by the provider's. */
    assert_null(slm_zone_reclaim_page(f.zone, bytes - page_size));
    assert_ptr_equal(slm_zone_reclaim_page(f.zone, bytes), run);
    assert_false(slm_zone_owns(f.zone, run));
    run_provider_release_run(&f.provider, run, bytes);
    assert_ok(slm_zone_deallocate(f.zone, other));
    slm_reclaimed out = {.struct_size = sizeof out};
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &out));
    assert_int_equal(out.base_pages, more / page_size);
    assert_int_equal(f.provider.pages_out, 0);
    assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, 8, 300000));
    close_runs(&f, 0);
  }
}

/** An alignment needs a run that has it. */
static void pushed_runs_of_an_alignment(void **state) {
  (void)state;
  run_fixture f;
  open_runs(&f, 4096, false);
  size_t alignment = (size_t)1 << 20, bytes = slm_zone_page_size(f.zone, alignment, 100000);
  (void)take(&f, 4096, 4096);
  f.provider.out[0] = 0, f.provider.pages_out--, f.provider.lowest = 0;
  unsigned char *run = take(&f, bytes + alignment, alignment);
  assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(f.zone, alignment, 100000, run + 4096, bytes));
  assert_ok(slm_zone_refill(f.zone, 8, 300000, run + 4096, alignment - 4096));
  assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, alignment, 100000));
  assert_ok(slm_zone_refill(f.zone, alignment, 100000, run + alignment, bytes));
  void *object = slm_zone_allocate_aligned(f.zone, alignment, 100000);
  assert_ptr_equal(object, run + alignment);
  run_provider_release_run(&f.provider, run, 4096);
  close_runs(&f, 1);
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
    assert_ok(slm_zone_refill(f.zone, 8, 200000, take(&f, bytes, 4096), bytes));
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
      assert_ok(slm_zone_refill(f.zone, 8, 300000, take(&f, bytes, 4096), bytes));
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
      cmocka_unit_test(resize_in_place),
      cmocka_unit_test(reallocate_keeps_the_content),
      cmocka_unit_test(an_object_grows_in_place),
      cmocka_unit_test(bad_runs_are_refused),
      cmocka_unit_test(slabs_of_other_zones_are_refused),
      cmocka_unit_test(pushed_runs),
      cmocka_unit_test(pushed_runs_of_an_alignment),
      cmocka_unit_test(the_end_takes_all),
      cmocka_unit_test(a_zeroed_run_reads_as_zero),
#ifdef SUITE_HARDENED
      cmocka_unit_test(an_overflow_of_a_run_is_found),
#endif
  };
  return RUN_SUITE("runs", tests);
}
