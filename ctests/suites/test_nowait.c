/* SLM_NOWAIT: what the zone holds is served, and the provider is not called. */
#include "../support/family.h"

static slm_status nowait(fixture *f, size_t alignment, size_t size, void **out) {
  size_t calls = f->provider.calls;
  *out = f;
  slm_status status = slm_zone_allocate_with(f->zone, alignment, size, SLM_NOWAIT, out);
  assert_int_equal(f->provider.calls, calls);
  assert_true((status == SLM_OK) == (*out != NULL));
  return status;
}

/** Allocates without the provider until nothing is left; returns how many, live. */
static size_t drain(fixture *f, size_t size) {
  size_t count = 0;
  void *object;
  slm_status status;
  for (; (status = nowait(f, 8, size, &object)) == SLM_OK; count++) memset(object, 0x77, size);
  assert_int_equal(status, SLM_ERR_OUT_OF_MEMORY);
  return count;
}

static void a_zone_without_pages_is_out_of_memory(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 8, 100, 1024, 2048, 5000, SLM_MAX_SIZE};
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    void *out;
    open_pull(&f, page_size);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      assert_status(SLM_ERR_OUT_OF_MEMORY, nowait(&f, 8, sizes[i], &out));
      assert_status(SLM_ERR_OUT_OF_MEMORY, nowait(&f, 4096, sizes[i], &out));
    }
    assert_int_equal(f.provider.calls, 0);
    still_works(&f); /* nothing is left behind */
    close_fixture(&f);
  }
}

static void what_the_zone_holds_is_served(void **state) {
  (void)state;
  static const size_t sizes[] = {8, 64, 700, 2048, 10000, SLM_MAX_SIZE};
  EACH_BASE_PAGE_SIZE(page_size) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      fixture f;
      open_pull(&f, page_size);
      assert_non_null(slm_zone_allocate(f.zone, sizes[i])); /* takes a page */
      size_t slots = (size_t)class_of(&f, sizes[i]).slots_per_page;
      assert_int_equal(drain(&f, sizes[i]), slots - 1);
      assert_non_null(slm_zone_allocate(f.zone, sizes[i])); /* the provider has more */
      assert_int_equal(drain(&f, sizes[i]), slots - 1);
      close_with_live(&f, 2 * slots);
    }
  }
}

static void an_empty_page_of_another_class_is_carved_anew(void **state) {
  (void)state;
  static const size_t pairs[][2] = {{64, 1000}, {ONE_PER_PAGE, 8}, {5000, 100000}, {SLM_MAX_SIZE, 20000}};
  for (size_t i = 0; i < COUNT_OF(pairs); i++) {
    fixture f;
    void *object, *more;
    open_pull(&f, 4096);
    assert_non_null(object = slm_zone_allocate(f.zone, pairs[i][0]));
    assert_status(SLM_ERR_OUT_OF_MEMORY, nowait(&f, 8, pairs[i][1], &more));
    /* The page is the one that its class allocates from, and empty: the last resort. */
    assert_ok(slm_zone_deallocate(f.zone, object));
    size_t slots = drain(&f, pairs[i][1]);
    assert_int_equal(slots, class_of(&f, pairs[i][1]).slots_per_page);
    assert_status(SLM_ERR_OUT_OF_MEMORY, nowait(&f, 8, pairs[i][0], &more));
    close_with_live(&f, slots);
  }
}

static void with_alignments_and_zeroed(void **state) {
  (void)state;
  fixture f;
  void *object;
  open_pull(&f, 4096);
  assert_non_null(object = slm_zone_allocate_aligned(f.zone, 65536, 100000));
  memset(object, 0xFF, 100000);
  size_t calls = f.provider.calls;
  void *aligned;
  assert_ok(nowait(&f, 65536, 100000, &aligned));
  assert_aligned(aligned, 65536);
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_ok(slm_zone_deallocate(f.zone, aligned));
  assert_ok(slm_zone_allocate_with(f.zone, 65536, 100000, SLM_NOWAIT | SLM_ZEROED, &object));
  assert_true(bytes_are(object, 100000, 0));
  assert_int_equal(f.provider.calls, calls);
  close_with_live(&f, 1);
}

/** A large object's run comes from the provider and goes back to it: a zone has none that waits. */
static void large_objects_wait_for_the_provider(void **state) {
  (void)state;
  static const size_t layouts[][2] = {{8, SLM_MAX_SIZE + 1}, {8, LARGEST}, {SLM_LARGE_PAGE_SIZE, 100}};
  for (size_t i = 0; i < COUNT_OF(layouts); i++) {
    fixture f;
    void *object, *out;
    open_pull(&f, 4096);
    assert_status(SLM_ERR_OUT_OF_MEMORY, nowait(&f, layouts[i][0], layouts[i][1], &out));
    assert_int_equal(f.provider.calls, 0);
    assert_non_null(object = slm_zone_allocate_aligned(f.zone, layouts[i][0], layouts[i][1]));
    assert_ok(slm_zone_deallocate(f.zone, object));
    assert_int_equal(test_provider_out(&f.provider, LARGE), 0);
    assert_status(SLM_ERR_OUT_OF_MEMORY, nowait(&f, layouts[i][0], layouts[i][1], &out));
    close_fixture(&f);
  }
}

static void bad_layouts_are_told(void **state) {
  (void)state;
  fixture f;
  void *out;
  open_pull(&f, 4096);
  assert_status(SLM_ERR_INVALID_LAYOUT, nowait(&f, 8, LARGEST + 1, &out));
  assert_status(SLM_ERR_INVALID_LAYOUT, nowait(&f, 3, 8, &out));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_allocate_with(f.zone, 8, 8, SLM_NOWAIT | 4, &out));
  close_fixture(&f);
  static storage_type zeros;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_allocate_with((slm_zone *)&zeros, 8, 8, SLM_NOWAIT, &out));
}

static void pages_of_a_push_zone_stay_with_their_class(void **state) {
  (void)state;
  fixture f;
  void *out;
  open_push(&f, 4096);
  assert_status(SLM_ERR_OUT_OF_MEMORY, nowait(&f, 8, 64, &out));
  refill(&f, 8, 64);
  assert_status(SLM_ERR_OUT_OF_MEMORY, nowait(&f, 8, 1000, &out));
  assert_int_equal(drain(&f, 64), class_of(&f, 64).slots_per_page);
  close_with_live(&f, (size_t)statistics(&f).slots_live);
}

/** What an interrupt handler would do while the provider gives a page. */
typedef struct within {
  fixture *f;
  void *served, *refused;
  slm_status statuses[2];
} within;

static void allocate_within(void *context) {
  within *w = context;
  w->statuses[0] = slm_zone_allocate_with(w->f->zone, 8, 64, SLM_NOWAIT, &w->served);
  w->statuses[1] = slm_zone_allocate_with(w->f->zone, 8, 3000, SLM_NOWAIT, &w->refused);
}

static void while_the_provider_gives_a_page(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  within w = {.f = &f};
  assert_non_null(slm_zone_allocate(f.zone, 64));
  f.provider.hook_context = &w;
  f.provider.on_allocate = allocate_within;
  assert_non_null(slm_zone_allocate(f.zone, 500));
  assert_status(SLM_OK, w.statuses[0]);
  assert_status(SLM_ERR_OUT_OF_MEMORY, w.statuses[1]); /* it would not have called back: not reentrant */
  assert_non_null(w.served);
  assert_null(w.refused);
  still_works(&f);
  close_with_live(&f, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_zone_without_pages_is_out_of_memory),
      cmocka_unit_test(what_the_zone_holds_is_served),
      cmocka_unit_test(an_empty_page_of_another_class_is_carved_anew),
      cmocka_unit_test(with_alignments_and_zeroed),
      cmocka_unit_test(large_objects_wait_for_the_provider),
      cmocka_unit_test(bad_layouts_are_told),
      cmocka_unit_test(pages_of_a_push_zone_stay_with_their_class),
      cmocka_unit_test(while_the_provider_gives_a_page),
  };
  return RUN_SUITE("nowait", tests);
}
