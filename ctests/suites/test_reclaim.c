/* Reclaim gives back exactly the empty pages, base and large ones counted apart, and no more than asked for. */
#include "../support/family.h"

typedef struct page_run {
  void *objects[2000];
  size_t count, slots;
} page_run;

/** Allocates exactly so many pages full of a size. */
static void fill_pages(fixture *f, page_run *run, size_t size, size_t pages) {
  run->slots = class_of(f, size).slots_per_page;
  run->count = pages * run->slots;
  assert_true(run->count <= COUNT_OF(run->objects));
  assert_int_equal(slm_zone_allocate_batch(f->zone, size, run->count, run->objects), run->count);
  assert_int_equal(class_of(f, size).pages, pages);
}

/** Frees the n-th page that fill_pages() filled: pages are filled one after the other. */
static void empty_page(fixture *f, page_run *run, size_t n) {
  assert_ok(slm_zone_deallocate_batch(f->zone, run->objects + n * run->slots, run->slots, NULL));
}

static slm_reclaimed reclaim(fixture *f, size_t base, size_t large) {
  size_t before[2] = {f->provider.given_back[BASE], f->provider.given_back[LARGE]};
  slm_reclaimed out = {.struct_size = sizeof out, .base_pages = SIZE_MAX, .large_pages = SIZE_MAX};
  assert_ok(slm_zone_reclaim(f->zone, base, large, &out));
  assert_int_equal(out.base_pages, f->provider.given_back[BASE] - before[BASE]);
  assert_int_equal(out.large_pages, f->provider.given_back[LARGE] - before[LARGE]);
  check_books(f);
  return out;
}

#define assert_reclaimed(want_base, want_large, out)                                                                   \
  do {                                                                                                                 \
    slm_reclaimed got = (out);                                                                                         \
    assert_int_equal(got.base_pages, want_base);                                                                       \
    assert_int_equal(got.large_pages, want_large);                                                                     \
  } while (0)

static page_run small, other, large;

static void exactly_the_empty_pages(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    assert_reclaimed(0, 0, reclaim(&f, SIZE_MAX, SIZE_MAX)); /* no page yet */
    fill_pages(&f, &small, 512, 12);
    fill_pages(&f, &other, 1024, 8);
    fill_pages(&f, &large, 40000, 5);
    assert_reclaimed(0, 0, reclaim(&f, SIZE_MAX, SIZE_MAX)); /* all full */
    assert_ok(slm_zone_deallocate(f.zone, small.objects[0]));
    assert_reclaimed(0, 0, reclaim(&f, SIZE_MAX, SIZE_MAX)); /* none empty */
    assert_non_null(slm_zone_allocate(f.zone, 512));
    for (size_t i = 1; i < 12; i += 2) empty_page(&f, &small, i);
    for (size_t i = 0; i < 3; i++) empty_page(&f, &other, i);
    for (size_t i = 0; i < 2; i++) empty_page(&f, &large, i + 2);
    assert_int_equal(class_of(&f, 512).empty_pages, 6);
    assert_int_equal(class_of(&f, 1024).empty_pages, 3);
    assert_int_equal(class_of(&f, 40000).empty_pages, 2);
    assert_reclaimed(0, 0, reclaim(&f, 0, 0));
    assert_reclaimed(1, 0, reclaim(&f, 1, 0));
    assert_reclaimed(0, 1, reclaim(&f, 0, 1));
    assert_reclaimed(5, 0, reclaim(&f, 5, 0));
    assert_reclaimed(3, 1, reclaim(&f, SIZE_MAX, SIZE_MAX)); /* 9 and 2 in all */
    assert_reclaimed(0, 0, reclaim(&f, SIZE_MAX, SIZE_MAX));
    assert_int_equal(class_of(&f, 512).pages, 6);
    assert_int_equal(class_of(&f, 1024).pages, 5);
    assert_int_equal(class_of(&f, 40000).pages, 3);
    for (size_t i = 0; i < 12; i += 2)
      for (size_t j = 0; j < small.slots; j++) assert_true(slm_zone_owns(f.zone, small.objects[i * small.slots + j]));
    for (size_t i = 1; i < 12; i += 2) assert_false(slm_zone_owns(f.zone, small.objects[i * small.slots]));
    still_works(&f);
    close_with_live(&f, (size_t)slots_live(&f));
  }
}

static void everything_when_nothing_lives(void **state) {
  (void)state;
  enum { COUNT = 1500 };
  static void *objects[COUNT];
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    f.provider.careless = true;
    for (int round = 0; round < 3; round++) {
      for (size_t i = 0; i < COUNT; i++) assert_non_null(objects[i] = slm_zone_allocate(f.zone, i % 10 ? 2048 : 9 * i));
      for (size_t i = 0; i < COUNT; i++) assert_ok(slm_zone_deallocate(f.zone, objects[i]));
      assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
      check_books(&f);
      assert_int_equal(test_provider_out(&f.provider, BASE), 0);
      assert_int_equal(test_provider_out(&f.provider, LARGE), 0);
    }
    still_works(&f);
    close_fixture(&f);
  }
}

/** Tables of the page directory go as well, and descriptors of large objects. */
static void tables_when_nothing_lives(void **state) {
  (void)state;
  enum { BASE_PAGES = 9000, LARGE_PAGES = 300 };
  static void *objects[BASE_PAGES + LARGE_PAGES];
  static const size_t large_counts[] = {0, LARGE_PAGES};
  for (size_t i = 0; i < COUNT_OF(large_counts); i++) {
    size_t count = BASE_PAGES + large_counts[i];
    fixture f;
    open_pull(&f, 4096);
    f.provider.careless = true;
    for (size_t j = 0; j < count; j++) {
      objects[j] = j < BASE_PAGES ? slm_zone_allocate(f.zone, ONE_PER_PAGE)
                                  : slm_zone_allocate_aligned(f.zone, SLM_LARGE_PAGE_SIZE, 8);
      assert_non_null(objects[j]);
    }
    size_t tables = (size_t)statistics(&f).table_pages;
    assert_in_range(tables, BASE_PAGES / 400, (BASE_PAGES + large_counts[i]) / 64);
    assert_int_equal(test_provider_out(&f.provider, BASE), BASE_PAGES + tables);
    assert_int_equal(test_provider_out(&f.provider, LARGE), large_counts[i]);
    check_books(&f);
    assert_ok(slm_zone_deallocate_batch(f.zone, objects, count, NULL));
    /* Most slabs have gone by themselves, and all large objects. */
    size_t left = test_provider_out(&f.provider, BASE);
    assert_in_range(left, 1, MOST_EMPTY + tables + (CANARY > 0 ? 8 : 0)); /* the quarantine holds 8 */
    assert_int_equal(test_provider_out(&f.provider, LARGE), 0);
    assert_reclaimed(left, 0, reclaim(&f, SIZE_MAX, SIZE_MAX));
    assert_int_equal(test_provider_out(&f.provider, BASE), 0);
    assert_int_equal(statistics(&f).table_pages, 0);
    assert_reclaimed(0, 0, reclaim(&f, SIZE_MAX, SIZE_MAX));
    still_works(&f);
    close_fixture(&f);
  }
}

static void reclaim_page_takes_one_at_a_time(void **state) {
  (void)state;
  fixture f;
  open_push(&f, 4096);
  void *page = refill(&f, 1, 64), *full = refill(&f, 1, 512), *big = refill(&f, 1, 40000);
  void *object = slm_zone_allocate(f.zone, 512);
  assert_non_null(object);
  assert_null(slm_zone_reclaim_page(f.zone, 16384));
  assert_ptr_equal(slm_zone_reclaim_page(f.zone, 4096), page);
  assert_null(slm_zone_reclaim_page(f.zone, 4096));
  assert_ptr_equal(slm_zone_reclaim_page(f.zone, SLM_LARGE_PAGE_SIZE), big);
  assert_null(slm_zone_reclaim_page(f.zone, SLM_LARGE_PAGE_SIZE));
  slm_statistics now = statistics(&f);
  assert_int_equal(now.base_pages_taken, 2);
  assert_int_equal(now.base_pages_given_back, 1);
  assert_int_equal(now.large_pages_given_back, 1);
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_ptr_equal(slm_zone_reclaim_page(f.zone, 4096), full);
  /* Pages that were taken out can come in again, for any class. */
  assert_ok(slm_zone_refill(f.zone, 1, 24, full, 4096));
  assert_ok(slm_zone_refill(f.zone, 1, 24, page, 4096));
  assert_ok(slm_zone_refill(f.zone, 1, 90000, big, SLM_LARGE_PAGE_SIZE));
  assert_non_null(slm_zone_allocate(f.zone, 24));
  assert_non_null(slm_zone_allocate(f.zone, 90000));
  assert_null(slm_zone_allocate(f.zone, 512));
  close_with_live(&f, 2);
}

static void a_page_emptied_and_used_again_is_not_reclaimed(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  fill_pages(&f, &small, 512, 3);
  for (size_t i = 0; i < 3; i++) empty_page(&f, &small, i);
  void *object = slm_zone_allocate(f.zone, 512);
  pattern_fill(object, 512, 1);
  assert_reclaimed(2, 0, reclaim(&f, SIZE_MAX, SIZE_MAX));
  assert_true(pattern_holds(object, 512, 1));
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_reclaimed(1, 0, reclaim(&f, SIZE_MAX, SIZE_MAX));
  still_works(&f);
  close_fixture(&f);
}

static void reclaim_counts_are_optional(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  assert_ok(slm_zone_deallocate(f.zone, slm_zone_allocate(f.zone, 8)));
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(test_provider_out(&f.provider, BASE), 0);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exactly_the_empty_pages),
      cmocka_unit_test(everything_when_nothing_lives),
      cmocka_unit_test(tables_when_nothing_lives),
      cmocka_unit_test(reclaim_page_takes_one_at_a_time),
      cmocka_unit_test(a_page_emptied_and_used_again_is_not_reclaimed),
      cmocka_unit_test(reclaim_counts_are_optional),
  };
  return RUN_SUITE("reclaim", tests);
}
