/* Pull: the zone takes as many pages as it needs, and finds its objects however many there are. */
#include "../support/family.h"

static void as_many_pages_as_needed(void **state) {
  (void)state;
  static const size_t sizes[] = {8, 64, 100, 2048, 3000, 30000};
  EACH_BASE_PAGE_SIZE(page_size) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      fixture f;
      open_pull(&f, page_size);
      assert_int_equal(f.provider.calls, 0); /* none before the first allocation */
      enum page_kind kind = slm_zone_page_size(f.zone, 1, sizes[i]) == SLM_LARGE_PAGE_SIZE ? LARGE : BASE;
      size_t slots = class_of(&f, sizes[i]).slots_per_page, count = 4 * slots + 1;
      for (size_t j = 0; j < count; j++) {
        assert_non_null(slm_zone_allocate(f.zone, sizes[i]));
        size_t tables = statistics(&f).table_pages;
        assert_int_equal(class_of(&f, sizes[i]).pages, j / slots + 1);
        assert_int_equal(test_provider_out(&f.provider, kind), j / slots + 1 + (kind == BASE ? tables : 0));
      }
      close_with_live(&f, count);
    }
  }
}

static void a_full_page_is_seen_again_after_one_free(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  size_t slots = class_of(&f, 64).slots_per_page, count = 20 * slots;
  void **objects = malloc(count * sizeof *objects);
  for (size_t i = 0; i < count; i++) assert_non_null(objects[i] = slm_zone_allocate(f.zone, 64));
  f.provider.dry = true;
  assert_null(slm_zone_allocate(f.zone, 64));
  for (size_t i = 0; i < count; i += 7) {
    assert_ok(slm_zone_deallocate(f.zone, objects[i]));
    assert_ptr_equal(slm_zone_allocate(f.zone, 64), objects[i]); /* the only free slot there is */
    assert_null(slm_zone_allocate(f.zone, 64));
  }
  free(objects);
  close_with_live(&f, count);
}

/** An empty page never stands idle while another class is out of memory. */
static void an_empty_page_serves_another_class(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    assert_ok(slm_zone_deallocate(f.zone, slm_zone_allocate(f.zone, 8)));
    assert_ok(slm_zone_deallocate(f.zone, slm_zone_allocate(f.zone, SLM_MAX_SIZE)));
    f.provider.dry = true;
    for (size_t size = 8; size <= SLM_MAX_SIZE; size += size / 2) {
      void *object = slm_zone_allocate(f.zone, size);
      assert_non_null(object);
      pattern_fill(object, size, size);
      assert_true(pattern_holds(object, size, size));
      assert_ok(slm_zone_deallocate(f.zone, object));
    }
    assert_int_equal(test_provider_out(&f.provider, BASE), 1);
    assert_int_equal(test_provider_out(&f.provider, LARGE), 1);
    check_books(&f);
    close_fixture(&f);
  }
}

/** Fills so many pages with one object each, and empties them. Returns the provider call that gave the first page for
 * the directory. */
static size_t fill_and_empty(size_t pages, size_t fail_at) {
  fixture f;
  uint64_t random = pages;
  size_t table_call = 0;
  void **objects = malloc(pages * sizeof *objects);
  open_pull(&f, 4096);
  f.provider.careless = true;
  f.provider.fail_at = fail_at;
  for (size_t i = 0; i < pages; i++) {
    if ((objects[i] = slm_zone_allocate(f.zone, ONE_PER_PAGE)) == NULL)
      objects[i] = slm_zone_allocate(f.zone, ONE_PER_PAGE);
    assert_non_null(objects[i]);
    pattern_fill(objects[i], ONE_PER_PAGE, i);
    if (table_call == 0 && f.provider.taken[BASE] > i + 1) table_call = f.provider.calls;
    if (i >= 128 && i % 64 == 0) assert_true(statistics(&f).table_pages <= (i + 1) / 64);
  }
  check_books(&f);
  assert_int_equal(f.provider.taken[LARGE], 0);
  for (size_t i = 0; i < pages; i++)
    assert_true(pattern_holds(objects[i], ONE_PER_PAGE, i) && slm_zone_owns(f.zone, objects[i]));
  assert_false(slm_zone_owns(f.zone, &f));
  shuffle(objects, pages, &random);
  for (size_t i = 0; i < pages; i++) {
    assert_ok(slm_zone_deallocate(f.zone, objects[i]));
    bool owns = slm_zone_owns(f.zone, objects[i]);
    assert_status(owns ? SLM_ERR_DOUBLE_FREE : SLM_ERR_FOREIGN_POINTER, slm_zone_deallocate(f.zone, objects[i]));
  }
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(test_provider_out(&f.provider, BASE), 0);
  for (size_t i = 0; i < pages; i += 99) assert_false(slm_zone_owns(f.zone, objects[i]));
  still_works(&f);
  close_fixture(&f);
  free(objects);
  return table_call;
}

/** The zone's directory of its pages grows from its storage into base pages. */
static void many_pages_are_found(void **state) {
  (void)state;
  size_t table_call = fill_and_empty(20000, 0);
  assert_in_range(table_call, 64, 256);
  (void)fill_and_empty(20000, table_call); /* without that page it works as well */
}

static void many_large_pages_are_found(void **state) {
  (void)state;
  enum { COUNT = 4000 };
  static void *objects[COUNT];
  fixture f;
  open_pull(&f, 4096);
  f.provider.careless = true;
  for (size_t i = 0; i < COUNT; i++) {
    assert_non_null(objects[i] = slm_zone_allocate(f.zone, 100000));
    pattern_fill(objects[i], 16, i);
  }
  assert_true(test_provider_out(&f.provider, LARGE) > 150);
  check_books(&f);
  for (size_t i = 0; i < COUNT; i++) {
    assert_true(pattern_holds(objects[i], 16, i));
    assert_ok(slm_zone_deallocate_sized(f.zone, objects[i], 100000));
    bool owns = slm_zone_owns(f.zone, objects[i]);
    assert_status(owns ? SLM_ERR_DOUBLE_FREE : SLM_ERR_FOREIGN_POINTER, slm_zone_deallocate(f.zone, objects[i]));
  }
  assert_in_range(test_provider_out(&f.provider, LARGE), 1, MOST_EMPTY + 1);
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(test_provider_out(&f.provider, BASE), 0);
  assert_int_equal(test_provider_out(&f.provider, LARGE), 0);
  close_fixture(&f);
}

static void a_dry_provider_means_out_of_memory_for_now(void **state) {
  (void)state;
  fixture f;
  void *out = &f;
  open_pull(&f, 4096);
  f.provider.dry = true;
  assert_null(slm_zone_allocate(f.zone, 64));
  assert_null(slm_zone_allocate_zeroed(f.zone, 64));
  assert_null(slm_zone_allocate_aligned(f.zone, 64, 64));
  assert_null(slm_zone_reallocate(f.zone, NULL, 64));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 64, 0, &out));
  assert_null(out);
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 60000, SLM_ZEROED, &out));
  assert_int_equal(slots_live(&f), 0);
  f.provider.dry = false;
  still_works(&f);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(as_many_pages_as_needed),
      cmocka_unit_test(a_full_page_is_seen_again_after_one_free),
      cmocka_unit_test(an_empty_page_serves_another_class),
      cmocka_unit_test(many_pages_are_found),
      cmocka_unit_test(many_large_pages_are_found),
      cmocka_unit_test(a_dry_provider_means_out_of_memory_for_now),
  };
  return RUN_SUITE("pull", tests);
}
