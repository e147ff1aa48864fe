/* Slabs where the provider gives runs: how little they waste, and which pages a class takes when they are pushed. */
#include "../support/run_provider.h"

/** How much memory so many objects of a size take, in multiples of their bytes. */
static double memory_of(size_t page_size, size_t size, size_t bytes, bool region) {
  static unsigned char *memory;
  size_t all = (size_t)256 << 20, count = bytes / size, taken;
  run_fixture f;
  static storage_type storage;
  slm_zone *zone;
  slm_region *region_of = NULL;
  size_t available = 0;
  if (region) {
    if (memory == NULL)
      memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    region_of = slm_region_init(memory, all, page_size, NULL);
    available = slm_region_available(region_of, page_size);
    slm_options options = SUITE_OPTIONS(slm_region_provider(region_of));
    zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  } else {
    open_runs(&f, page_size, true);
    zone = f.zone;
  }
  for (size_t i = 0; i < count; i++) assert_non_null(slm_zone_allocate(zone, size - CANARY));
  if (region) {
    taken = (available - slm_region_available(region_of, page_size)) * page_size;
    size_t live;
    assert_ok(slm_zone_destroy(zone, &live));
    assert_int_equal(live, count);
    assert_int_equal(slm_region_available(region_of, page_size), available);
  } else {
    taken = f.provider.pages_out * page_size;
    close_runs(&f, count);
  }
  return (double)taken / (double)(count * size);
}

/** Powers of two don't lose a slot of each page to the descriptor. */
static void powers_of_two_waste_little(void **state) {
  (void)state;
  static const size_t sizes[] = {64, 128, 256, 512, 1024, 2048};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (int region = 0; region < 2; region++) {
      double times = memory_of(4096, sizes[i], (size_t)16 << 20, region);
      if (times > 1.06) print_error("%zu bytes take %.3f times their size\n", sizes[i], times);
      assert_true(times <= 1.06);
    }
  }
}

/** With the directory, no class wastes more than an eighth of what it takes. */
static void no_class_wastes_more_than_an_eighth(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    run_fixture f;
    open_runs(&f, page_size, true);
    uint32_t classes = statistics_of(f.zone).class_count;
    size_t sizes[64], count = 0;
    for (uint32_t i = 0; i < classes; i++) {
      slm_class_statistics class = {.struct_size = sizeof class};
      assert_ok(slm_zone_class_statistics(f.zone, i, &class));
      if (class.slot_size <= 65536 && class.slot_size > CANARY) sizes[count++] = class.slot_size;
    }
    close_runs(&f, 0);
    for (size_t i = 0; i < count; i++) {
      double times = memory_of(page_size, sizes[i], sizes[i] < 128 ? (size_t)2 << 20 : (size_t)32 << 20, false);
      if (times > 1.15) print_error("%zu bytes, pages of %zu: %.3f times\n", sizes[i], page_size, times);
      assert_true(times <= 1.15);
    }
  }
}

/** All of a region can be used, whatever the alignment of its slabs leaves between them. */
static void a_region_is_used_up(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)128 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  for (size_t size = 1024; size <= (size_t)1 << 20; size *= 2) {
    slm_options options = SUITE_OPTIONS(slm_region_provider(slm_region_init(memory, all, 4096, NULL)));
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    size_t count = 0;
    while (slm_zone_allocate_aligned(zone, size, size - CANARY) != NULL) count++;
    double times = (double)all / (double)(count * size);
    if (times > 1.15) print_error("aligned %zu bytes take %.3f times their size of a region\n", size, times);
    assert_ok(slm_zone_destroy(zone, NULL));
    assert_true(times <= 1.15);
  }
  munmap(memory, all);
}

/** What slm_zone_page_size says is taken, and serves what the statistics say. */
static void page_size_and_statistics_are_of_what_refill_takes(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    run_fixture f;
    open_runs(&f, page_size, true);
    uint32_t classes = statistics_of(f.zone).class_count;
    size_t live = 0;
    for (uint32_t i = 0; i < classes; i++) {
      slm_class_statistics class = {.struct_size = sizeof class};
      assert_ok(slm_zone_class_statistics(f.zone, i, &class));
      size_t size = class.slot_size - CANARY, alignment = class.slot_size & -class.slot_size;
      if (size == 0 || class.slot_size > 65536) continue;
      assert_int_equal(slm_zone_page_size(f.zone, 1, size), class.page_size);
      assert_true(class.page_size % page_size == 0);
      if (size <= 2048 - CANARY) assert_int_equal(class.page_size, page_size);
      f.provider.dry = false; /* the directory may need a page */
      unsigned char *page =
          run_provider_take(&f.provider, class.page_size, alignment < page_size ? page_size : alignment);
      assert_ok(slm_zone_refill(f.zone, 1, size, page, class.page_size));
      f.provider.dry = true;
      for (size_t j = 0; j < class.slots_per_page; j++) {
        unsigned char *object = slm_zone_allocate(f.zone, size);
        assert_true(object >= page && object + class.slot_size <= page + class.page_size);
        memset(object, 0x55, slm_zone_usable_size(f.zone, object));
      }
      assert_null(slm_zone_allocate(f.zone, size));
      live += class.slots_per_page;
      assert_ok(slm_zone_class_statistics(f.zone, i, &class));
      assert_int_equal(class.pages, 1);
      assert_int_equal(class.slots_live, class.slots_per_page);
    }
    check_runs(&f);
    close_runs(&f, live);
  }
}

/** Single frames for each class that they hold a slot of, and any multiple up to a large page. */
static void any_number_of_pages_serves_as_a_refill(void **state) {
  (void)state;
  static const size_t sizes[] = {8, 64, 100, 512, 1000, 2000, 2048, 3000, 3584, 4000, 5000, 10000, 30000, 60000};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t pages = 1; pages <= 512; pages += pages < 20 ? 1 : 123) {
      run_fixture f;
      open_runs(&f, 4096, true);
      size_t bytes = pages * 4096, size = sizes[i] - CANARY, slot = slm_zone_good_size(f.zone, size) + CANARY;
      size_t alignment = slot & -slot, most = slm_zone_page_size(f.zone, 1, size);
      unsigned char *run = run_provider_take(&f.provider, bytes, alignment < 4096 ? 4096 : alignment);
      slm_status status = slm_zone_refill(f.zone, 1, size, run, bytes);
      f.provider.dry = true;
      bool holds = slot + 64 + 16 + CANARY <= bytes;
      if (status != SLM_OK) {
        assert_status(SLM_ERR_WRONG_PAGE_SIZE, status);
        /* It holds no slot; or a class up to 2 KiB takes no more than its slabs have. */
        if (holds) assert_true(sizes[i] <= 2048 && bytes > most);
        run_provider_release_run(&f.provider, run, bytes);
        close_runs(&f, 0);
        continue;
      }
      assert_true(holds);
      size_t live = 0;
      for (unsigned char *object; (object = slm_zone_allocate(f.zone, size)) != NULL; live++) {
        assert_true(object >= run && object + slot <= run + bytes);
        assert_true(slm_zone_owns(f.zone, object));
      }
      /* As many as fit: a slot, its part of the slot words, the descriptor. */
      assert_in_range(live, (bytes - 64 - 16 - CANARY) / (slot + 1) > 0 ? (bytes - 96) / (slot + 1) : 1, bytes / slot);
      assert_int_equal(statistics_of(f.zone).slots_live, live);
      close_runs(&f, live);
    }
  }
}

/** When the provider has no run that long any more, single pages serve the class. */
static void short_runs_serve_when_there_are_no_longer_ones(void **state) {
  (void)state;
  static const size_t sizes[] = {64, 512, 1000, 2000, 3000};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    run_fixture f;
    open_runs(&f, 4096, true);
    f.provider.longest = 4096;
    for (size_t j = 0; j < 500; j++) {
      void *object = slm_zone_allocate(f.zone, sizes[i]);
      assert_non_null(object);
      pattern_fill(object, sizes[i], j);
    }
    close_runs(&f, 500);
  }
}

/** The empty slabs of other classes go back, if that makes a run long enough. */
static void empty_slabs_of_other_classes_make_room(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)4 << 20;
  unsigned char *memory = aligned_alloc(SLM_LARGE_PAGE_SIZE, all);
  slm_region *region = slm_region_init(memory, all, 4096, NULL);
  slm_options options = SUITE_OPTIONS(slm_region_provider(region));
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  static void *objects[100000];
  for (size_t round = 0; round < 3; round++) {
    static const size_t sizes[] = {64, 2000, 100, 20000, 8, 40000, 500};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      size_t count = 0;
      while (count < COUNT_OF(objects) && (objects[count] = slm_zone_allocate(zone, sizes[i])) != NULL) count++;
      /* All that there is: at most an eighth is lost, and what ends where no slab fits. */
      if (count < COUNT_OF(objects)) assert_true(count * sizes[i] >= all / 10 * 7);
      for (size_t j = 0; j < count; j++) assert_ok(slm_zone_deallocate(zone, objects[j]));
    }
  }
  assert_ok(slm_zone_destroy(zone, NULL));
  free(memory);
}

/** A bin keeps some empty slabs. The others go back while objects are deallocated. */
static void most_empty_slabs_go_back(void **state) {
  (void)state;
  static const size_t sizes[] = {64, 1000, 2000, 5000, 20000};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    run_fixture f;
    enum { COUNT = 400000 };
    static void *objects[COUNT];
    open_runs(&f, 4096, true);
    size_t count = 0;
    slm_class_statistics class = {.struct_size = sizeof class};
    uint32_t index = 0;
    do assert_ok(slm_zone_class_statistics(f.zone, index++, &class));
    while (class.slot_size < sizes[i] + CANARY);
    do {
      assert_non_null(objects[count++] = slm_zone_allocate(f.zone, sizes[i]));
      if (count % 1000 == 0) assert_ok(slm_zone_class_statistics(f.zone, index - 1, &class));
    } while (count < COUNT && class.pages < 2 * MOST_EMPTY);
    assert_ok(slm_zone_class_statistics(f.zone, index - 1, &class));
    size_t out = f.provider.pages_out, class_before = class.pages;
    assert_true(class_before > MOST_EMPTY);
    for (size_t j = 0; j < count; j++) assert_ok(slm_zone_deallocate(f.zone, objects[j]));
    assert_ok(slm_zone_class_statistics(f.zone, index - 1, &class));
    /* And the current one; a hardened zone holds the latest slots in quarantine, of a slab more or two. */
    assert_true(class.empty_pages <= MOST_EMPTY + 1 + (CANARY == 0 ? 0 : 2));
    assert_true(class.empty_pages < class_before);
    assert_true(f.provider.pages_out < out);
    check_runs(&f);
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
    assert_int_equal(f.provider.pages_out, 0);
    close_runs(&f, 0);
  }
}

/** Reclaim counts a slab by its base pages, and takes no more than it is allowed to. */
static void reclaim_counts_base_pages(void **state) {
  (void)state;
  for (size_t limit = 0; limit < 60; limit++) {
    run_fixture f;
    void *objects[600];
    open_runs(&f, 4096, true);
    for (size_t i = 0; i < 600; i++)
      assert_non_null(objects[i] = slm_zone_allocate(f.zone, i % 3 == 0 ? 2000 : i % 3 == 1 ? 500 : 5000));
    assert_ok(slm_zone_deallocate_batch(f.zone, objects, 600, NULL));
    size_t out = f.provider.pages_out;
    slm_reclaimed got = {.struct_size = sizeof got};
    assert_ok(slm_zone_reclaim(f.zone, limit, SIZE_MAX, &got));
    assert_true(got.base_pages <= limit);
    assert_int_equal(got.large_pages, 0);
    assert_int_equal(out - f.provider.pages_out, got.base_pages);
    check_runs(&f);
    close_runs(&f, 0);
  }
}

/** A run of more pages than the directory has room for comes in also when the provider is dry: its first page is kept
 * for tables. */
static void a_run_comes_in_when_the_directory_is_full(void **state) {
  (void)state;
  for (size_t pages = 2; pages <= 7; pages++) {
    run_fixture f;
    open_runs(&f, 4096, true);
    f.provider.dry = true;
    size_t page_size = 4096 * pages;
    for (size_t count = 0; count < 200; count++) {
      /* No slab is empty, which would give a page. */
      while (slm_zone_allocate(f.zone, 3000) != NULL) {
      }
      f.provider.dry = false;
      unsigned char *run = run_provider_take(&f.provider, page_size, 4096);
      assert_non_null(run);
      f.provider.dry = true;
      assert_ok(slm_zone_refill(f.zone, 1, 3000, run, page_size));
      assert_true(slm_zone_owns(f.zone, run + page_size - 1));
      assert_int_equal(statistics_of(f.zone).bytes_held, (count + 1) * page_size);
    }
    assert_true(statistics_of(f.zone).table_pages > 0);
    assert_true(statistics_of(f.zone).table_pages * 64 <= 200 * pages);
    close_runs(&f, (size_t)statistics_of(f.zone).slots_live);
  }
}

/** slm_zone_reclaim_page takes a slab of exactly so many bytes. */
static void reclaim_page_takes_slabs_of_that_size(void **state) {
  (void)state;
  run_fixture f;
  open_runs(&f, 4096, false);
  static const size_t pages[] = {1, 3, 1, 7, 512};
  unsigned char *runs[COUNT_OF(pages)];
  for (size_t i = 0; i < COUNT_OF(pages); i++) {
    runs[i] = run_provider_take(&f.provider, pages[i] * 4096, pages[i] == 512 ? SLM_LARGE_PAGE_SIZE : 4096);
    assert_ok(slm_zone_refill(f.zone, 1, 3000, runs[i], pages[i] * 4096));
  }
  assert_null(slm_zone_reclaim_page(f.zone, 2 * 4096));
  assert_null(slm_zone_reclaim_page(f.zone, 4 * 4096));
  assert_ptr_equal(slm_zone_reclaim_page(f.zone, 3 * 4096), runs[1]);
  assert_null(slm_zone_reclaim_page(f.zone, 3 * 4096));
  assert_ptr_equal(slm_zone_reclaim_page(f.zone, SLM_LARGE_PAGE_SIZE), runs[4]);
  assert_ptr_equal(slm_zone_reclaim_page(f.zone, 7 * 4096), runs[3]);
  unsigned char *one = slm_zone_reclaim_page(f.zone, 4096), *other = slm_zone_reclaim_page(f.zone, 4096);
  assert_true((one == runs[0] && other == runs[2]) || (one == runs[2] && other == runs[0]));
  for (size_t i = 0; i < COUNT_OF(pages); i++) {
    assert_false(slm_zone_owns(f.zone, runs[i]));
    run_provider_release_run(&f.provider, runs[i], pages[i] * 4096);
  }
  close_runs(&f, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(powers_of_two_waste_little),
      cmocka_unit_test(no_class_wastes_more_than_an_eighth),
      cmocka_unit_test(a_region_is_used_up),
      cmocka_unit_test(page_size_and_statistics_are_of_what_refill_takes),
      cmocka_unit_test(any_number_of_pages_serves_as_a_refill),
      cmocka_unit_test(short_runs_serve_when_there_are_no_longer_ones),
      cmocka_unit_test(empty_slabs_of_other_classes_make_room),
      cmocka_unit_test(most_empty_slabs_go_back),
      cmocka_unit_test(reclaim_counts_base_pages),
      cmocka_unit_test(a_run_comes_in_when_the_directory_is_full),
      cmocka_unit_test(reclaim_page_takes_slabs_of_that_size),
  };
  return RUN_SUITE("slabs", tests);
}
