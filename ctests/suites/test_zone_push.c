/* Push: the zone has the pages it is handed, and no more. */
#include "../support/family.h"

static slm_status try_allocate(fixture *f, size_t alignment, size_t size) {
  void *object = f;
  slm_status status = slm_zone_allocate_with(f->zone, alignment, size, 0, &object);
  assert_true(status == SLM_OK ? object != NULL : object == NULL);
  return status;
}

static void out_of_memory_for_each_class_until_it_is_refilled(void **state) {
  (void)state;
  static const struct {
    size_t size, alignment;
    bool shares; /* the page of the layout before it */
  } layouts[] = {{256, 1, false}, {48, 8, false}, {6, 1, false}, {8, 1, true}, {16, 1, false}};
  fixture f;
  open_push(&f, 4096);
  for (size_t i = 0; i < COUNT_OF(layouts); i++) {
    if (!layouts[i].shares) {
      assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(&f, layouts[i].alignment, layouts[i].size));
      assert_int_equal(slm_zone_page_size(f.zone, layouts[i].alignment, layouts[i].size), 4096);
      refill(&f, layouts[i].alignment, layouts[i].size);
    }
    assert_ok(try_allocate(&f, layouts[i].alignment, layouts[i].size));
  }
  assert_int_equal(f.provider.calls, 0);
  assert_int_equal(test_provider_out(&f.provider, BASE), 4);
  close_with_live(&f, COUNT_OF(layouts));
}

static void without_options_it_is_a_push_zone_of_4_kib_pages(void **state) {
  (void)state;
  storage_type storage;
  test_provider pages;
  test_provider_open(&pages, 4096);
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, SUITE_NO_OPTIONS, NULL);
  assert_ptr_equal(zone, &storage);
  assert_int_equal(slm_zone_page_size(zone, 1, 1), 4096);
  assert_null(slm_zone_allocate(zone, 24));
  void *page = test_provider_take(&pages, 4096);
  assert_ok(slm_zone_refill(zone, 16, 24, page, 4096));
  void *object = slm_zone_allocate(zone, 24);
  assert_true((uintptr_t)object - (uintptr_t)page < 4096);

  /* Its pages have nowhere to go but to the caller. */
  size_t live = 99;
  slm_reclaimed reclaimed = {.struct_size = sizeof reclaimed, .base_pages = 9, .large_pages = 9};
  assert_status(SLM_ERR_NO_PROVIDER, slm_zone_destroy(zone, &live));
  assert_int_equal(live, 1);
  assert_status(SLM_ERR_NO_PROVIDER, slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, &reclaimed));
  assert_null(slm_zone_reclaim_page(zone, 4096)); /* not empty */
  pattern_fill(object, 24, 5);
  assert_non_null(slm_zone_allocate(zone, 24)); /* the refused destroy changed nothing */
  assert_true(pattern_holds(object, 24, 5));
  assert_ok(slm_zone_deallocate(zone, object));
  object = slm_zone_allocate(zone, 24);
  assert_non_null(object);
  slm_statistics now = {.struct_size = sizeof now};
  assert_ok(slm_zone_statistics(zone, &now));
  assert_int_equal(now.slots_live, 2);
  /* Free both: the page can be had, once. */
  for (size_t at = 0; at < 4096; at += 8) (void)slm_zone_deallocate(zone, (char *)page + at);
  assert_null(slm_zone_reclaim_page(zone, SLM_LARGE_PAGE_SIZE));
  assert_null(slm_zone_reclaim_page(zone, 16384));
  assert_null(slm_zone_reclaim_page(zone, 0));
  assert_ptr_equal(slm_zone_reclaim_page(zone, 4096), page);
  assert_null(slm_zone_reclaim_page(zone, 4096));
  assert_null(slm_zone_allocate(zone, 24));
  assert_ok(slm_zone_destroy(zone, &live));
  assert_int_equal(live, 0);
  test_provider_give_back(&pages, page, 4096);
  test_provider_close(&pages);
}

static void refill_exhaust_refill(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 8, 24, 512, 2048, 2049, 10000, SLM_MAX_SIZE};
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_push(&f, page_size);
    size_t live = 0;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      size_t slots = class_of(&f, sizes[i]).slots_per_page;
      for (int round = 0; round < 3; round++) {
        assert_null(slm_zone_allocate(f.zone, sizes[i]));
        char *page = refill(&f, 1, sizes[i]);
        for (size_t j = 0; j < slots; j++) {
          char *object = slm_zone_allocate(f.zone, sizes[i]);
          assert_true(object >= page && object + sizes[i] <= page + slm_zone_page_size(f.zone, 1, sizes[i]));
        }
        assert_null(slm_zone_allocate(f.zone, sizes[i]));
        live += slots;
        check_books(&f);
      }
    }
    close_with_live(&f, live);
  }
}

static void an_empty_page_stays_with_its_class(void **state) {
  (void)state;
  fixture f;
  open_push(&f, 4096);
  refill(&f, 1, 256);
  void *object = slm_zone_allocate(f.zone, 256);
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_null(slm_zone_allocate(f.zone, 48));
  assert_non_null(object = slm_zone_allocate(f.zone, 256));
  close_with_live(&f, 1);
}

/** Far more pages than fit any table in the zone's own storage: each serves its class at once, and all come back. */
static void many_pages_come_and_go(void **state) {
  (void)state;
  enum { PAGES = 3000 };
  static void *objects[PAGES][2];
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_push(&f, page_size);
    f.provider.careless = true; /* 3000 pages of 64 KiB, only touched here and there */
    for (size_t round = 0; round < 2; round++) {
      uint64_t random = 7 + round;
      for (size_t i = 0; i < PAGES; i++) {
        size_t size = i % 3 == 0 ? 64 : 1024;
        refill(&f, 1, size);
        for (size_t j = 0; j < 2; j++) {
          assert_non_null(objects[i][j] = slm_zone_allocate(f.zone, size));
          pattern_fill(objects[i][j], size, i * 2 + j);
        }
      }
      check_books(&f);
      assert_int_equal(slots_live(&f), 2 * PAGES);
      for (size_t i = 0; i < PAGES; i++) {
        for (size_t j = 0; j < 2; j++) {
          assert_true(pattern_holds(objects[i][j], i % 3 == 0 ? 64 : 1024, i * 2 + j));
          assert_true(slm_zone_owns(f.zone, objects[i][j]));
        }
      }
      shuffle(&objects[0][0], 2 * PAGES, &random);
      for (size_t i = 0; i < 2 * PAGES; i++) assert_ok(slm_zone_deallocate(f.zone, (&objects[0][0])[i]));
      if (round == 0) { /* the caller's way */
        for (void *page; (page = slm_zone_reclaim_page(f.zone, page_size)) != NULL;)
          test_provider_give_back(&f.provider, page, page_size);
      } else { /* the provider's way */
        assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
      }
      assert_int_equal(test_provider_out(&f.provider, BASE), 0);
      check_books(&f);
      assert_null(slm_zone_allocate(f.zone, 64));
    }
    close_fixture(&f);
  }
}

static void large_pages_are_pushed_too(void **state) {
  (void)state;
  fixture f;
  open_push(&f, 4096);
  assert_int_equal(slm_zone_page_size(f.zone, 1, ONE_PER_PAGE), 4096);
  assert_int_equal(slm_zone_page_size(f.zone, 1, 50000), SLM_LARGE_PAGE_SIZE);
  void *page = refill(&f, 1, 50000);
  void *object = slm_zone_allocate(f.zone, 50000);
  assert_non_null(object);
  assert_null(slm_zone_reclaim_page(f.zone, SLM_LARGE_PAGE_SIZE));
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_null(slm_zone_reclaim_page(f.zone, 4096));
  assert_ptr_equal(slm_zone_reclaim_page(f.zone, SLM_LARGE_PAGE_SIZE), page);
  assert_false(slm_zone_owns(f.zone, page));
  test_provider_give_back(&f.provider, page, SLM_LARGE_PAGE_SIZE);
  close_fixture(&f);
}

static void a_pull_zone_takes_pushed_pages_too(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 16384);
  f.provider.dry = true;
  assert_null(slm_zone_allocate(f.zone, 100));
  refill(&f, 1, 100);
  size_t slots = class_of(&f, 100).slots_per_page;
  for (size_t i = 0; i < slots; i++) assert_non_null(slm_zone_allocate(f.zone, 100));
  assert_null(slm_zone_allocate(f.zone, 100));
  f.provider.dry = false;
  assert_non_null(slm_zone_allocate(f.zone, 100));
  close_with_live(&f, slots + 1);
}

/** Every page that a class takes comes in, however many there are and whatever their slots leave: the zone's directory
 * finds room for its tables in the pages themselves. All of them come back. */
static void pages_come_in_without_end(void **state) {
  (void)state;
  static const struct {
    size_t size, pages, stride;
  } layouts[] = {{3500, 1, 1}, {3000, 2, 2}, {7000, 3, 3}, {57000, 15, 16}};
  enum { COUNT = 600 };
  static unsigned char *objects[COUNT * 3];
  for (size_t i = 0; i < COUNT_OF(layouts); i++) {
    static storage_type storage;
    size_t size = layouts[i].size, bytes = layouts[i].pages * 4096, stride = layouts[i].stride * 4096;
    size_t count = 0, back = 0;
    unsigned char *arena = aligned_alloc(65536, COUNT * stride);
    slm_options options = SUITE_OPTIONS((slm_page_provider)SLM_NO_PROVIDER);
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    for (size_t j = 0; j < COUNT; j++) {
      assert_ok(slm_zone_refill(zone, 1, size, arena + j * stride, bytes));
      for (unsigned char *object; (object = slm_zone_allocate(zone, size)) != NULL; count++) {
        assert_true(object >= arena + j * stride && object + size <= arena + j * stride + bytes);
        pattern_fill(object, size, count);
        objects[count] = object;
      }
    }
    assert_true(count >= (COUNT - COUNT / 50) * (bytes / 4096 * 4096 / (size + 600)));
    slm_statistics now = {.struct_size = sizeof now};
    assert_ok(slm_zone_statistics(zone, &now));
    assert_true(now.table_pages * 64 <= COUNT * layouts[i].pages);
    for (size_t j = 0; j < count; j++) {
      assert_true(pattern_holds(objects[j], size, j));
      assert_ok(slm_zone_deallocate(zone, objects[j]));
    }
    for (size_t pages = layouts[i].pages; pages != 0; pages--)
      while (slm_zone_reclaim_page(zone, pages * 4096) != NULL) back += pages * 4096;
    assert_int_equal(back, COUNT * bytes);
    assert_ok(slm_zone_destroy(zone, NULL));
    free(arena);
  }
}

/** A run that is pushed for a large object must hold one. */
static void a_run_that_is_too_short_is_refused(void **state) {
  (void)state;
  static storage_type storage;
  slm_options options = SUITE_OPTIONS((slm_page_provider)SLM_NO_PROVIDER);
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  size_t size = 200000, bytes = slm_zone_page_size(zone, 1, size);
  void *run = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_zone_refill(zone, 1, size, run, 4096));
  assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_zone_refill(zone, 1, size, run, bytes - 4096));
  assert_ok(slm_zone_refill(zone, 1, size, run, bytes));
  void *object = slm_zone_allocate(zone, size);
  assert_ptr_equal(object, run);
  assert_ok(slm_zone_deallocate(zone, object));
  assert_ptr_equal(slm_zone_reclaim_page(zone, bytes), run);
  assert_ok(slm_zone_destroy(zone, NULL));
  munmap(run, bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(out_of_memory_for_each_class_until_it_is_refilled),
      cmocka_unit_test(without_options_it_is_a_push_zone_of_4_kib_pages),
      cmocka_unit_test(refill_exhaust_refill),
      cmocka_unit_test(an_empty_page_stays_with_its_class),
      cmocka_unit_test(many_pages_come_and_go),
      cmocka_unit_test(large_pages_are_pushed_too),
      cmocka_unit_test(a_pull_zone_takes_pushed_pages_too),
      cmocka_unit_test(pages_come_in_without_end),
      cmocka_unit_test(a_run_that_is_too_short_is_refused),
  };
  return RUN_SUITE("push", tests);
}
