/* Limits: bytes of pages, a handler at the soft limit, a status at the hard one. */
#include "../support/family.h"

/** What the handler of a soft limit saw, and what it does. */
typedef struct watch {
  fixture f;
  size_t calls, bytes;
  bool reclaims, frees, allocates;
  void *object;
  slm_status refused;
} watch;

static void on_soft_limit(void *context, size_t bytes) {
  watch *w = context;
  w->calls++;
  w->bytes = bytes;
  if (w->frees) assert_ok(slm_zone_deallocate(w->f.zone, w->object));
  if (w->reclaims) assert_ok(slm_zone_reclaim(w->f.zone, SIZE_MAX, SIZE_MAX, NULL));
  if (w->allocates) {
    void *out;
    w->refused = slm_zone_allocate_with(w->f.zone, 8, ONE_PER_PAGE, 0, &out);
  }
}

static void open_watch(watch *w) {
  memset(w, 0, sizeof *w);
  open_pull(&w->f, 4096);
  assert_ok(slm_zone_set_soft_limit_handler(w->f.zone, on_soft_limit, w));
}

static void bytes_are_those_of_pages(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  assert_int_equal(statistics(&f).bytes_held, 0);
  void *small = slm_zone_allocate(f.zone, 8), *large = slm_zone_allocate(f.zone, 100000);
  assert_true(small != NULL && large != NULL);
  assert_int_equal(statistics(&f).bytes_held, 4096 + SLM_LARGE_PAGE_SIZE);
  assert_ok(slm_zone_deallocate(f.zone, large));
  assert_int_equal(statistics(&f).bytes_held, 4096 + SLM_LARGE_PAGE_SIZE); /* the page is held, though empty */
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(statistics(&f).bytes_held, 4096);
  assert_int_equal(statistics(&f).bytes_peak, 4096 + SLM_LARGE_PAGE_SIZE);
  f.provider.dry = true; /* pages that do not come are not held */
  assert_null(slm_zone_allocate(f.zone, 100000));
  f.provider.dry = false;
  assert_int_equal(statistics(&f).bytes_held, 4096);
  void *out;
  for (enum page_fault fault = FAULT_MISALIGNED; fault <= FAULT_OWNED; fault++) { /* nor pages that are none */
    f.provider.fault = fault;
    f.provider.fail_at = f.provider.calls + 1;
    assert_int_not_equal(slm_zone_allocate_with(f.zone, 8, 1000, 0, &out), SLM_OK);
    assert_int_equal(statistics(&f).bytes_held, 4096);
  }
  assert_int_equal(statistics(&f).bytes_peak, 4096 + SLM_LARGE_PAGE_SIZE);
  close_with_live(&f, 1);
}

static void the_hard_limit_refuses(void **state) {
  (void)state;
  fixture f;
  void *objects[4], *out = &f;
  open_pull(&f, 4096);
  assert_ok(slm_zone_set_limits(f.zone, 0, 3 * 4096));
  assert_int_equal(statistics(&f).hard_limit, 3 * 4096);
  size_t count = 0;
  while (count < 4 && (objects[count] = slm_zone_allocate(f.zone, 1100)) != NULL) count++;
  assert_int_equal(count, 4); /* several a page */
  void *more[8];
  size_t held = 0;
  slm_status status;
  while ((status = slm_zone_allocate_with(f.zone, 8, ONE_PER_PAGE, 0, &more[held])) == SLM_OK) held++;
  assert_status(SLM_ERR_LIMIT, status);
  assert_null(more[held]);
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 100000, 0, &out));
  assert_null(out);
  assert_null(slm_zone_allocate(f.zone, ONE_PER_PAGE));
  assert_int_equal(slm_zone_allocate_batch(f.zone, ONE_PER_PAGE, 8, more + held), 0);
  assert_null(slm_zone_reallocate(f.zone, objects[0], 3000));
  assert_status(SLM_ERR_LIMIT, slm_zone_reserve(f.zone, 8, 5000, 1));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 3000, SLM_NOWAIT, &out));
  assert_true(statistics(&f).bytes_held <= 3 * 4096);
  size_t calls = f.provider.calls;
  assert_null(slm_zone_allocate(f.zone, ONE_PER_PAGE));
  assert_int_equal(f.provider.calls, calls); /* the provider is not asked for what is forbidden */
  /* What is freed can be allocated again, within the limit. */
  assert_ok(slm_zone_deallocate(f.zone, more[0]));
  assert_ok(slm_zone_allocate_with(f.zone, 8, ONE_PER_PAGE, 0, &more[0]));
  assert_ok(slm_zone_set_limits(f.zone, 0, 0));
  assert_ok(slm_zone_allocate_with(f.zone, 8, ONE_PER_PAGE, 0, &more[held]));
  still_works(&f);
  close_with_live(&f, 4 + held + 1);
}

static void large_objects_count(void **state) {
  (void)state;
  fixture f;
  void *out;
  open_pull(&f, 4096);
  void *object = slm_zone_allocate(f.zone, 1 << 20);
  assert_non_null(object);
  uint64_t page = statistics(&f).bytes_held - SLM_LARGE_PAGE_SIZE; /* of the objects' descriptors */
  assert_int_equal(page, 4096);
  assert_ok(slm_zone_set_limits(f.zone, 0, 2 * SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 1 << 20, 0, &out));
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_int_equal(statistics(&f).bytes_held, page);
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(statistics(&f).bytes_held, 0);
  assert_ok(slm_zone_set_limits(f.zone, 0, 4095));
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 1 << 20, 0, &out)); /* no descriptor */
  assert_ok(slm_zone_set_limits(f.zone, 0, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 1 << 20, 0, &out)); /* no pages */
  void *empty = slm_zone_allocate(f.zone, 100000);
  if (empty != NULL) assert_ok(slm_zone_deallocate(f.zone, empty)); /* a large page that goes back for the next */
  assert_ok(slm_zone_set_limits(f.zone, 0, SLM_LARGE_PAGE_SIZE + 4096));
  assert_ok(slm_zone_allocate_with(f.zone, 8, 1 << 20, 0, &out));
  f.provider.dry = true;
  assert_ok(slm_zone_set_limits(f.zone, 0, 0));
  void *none;
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 1 << 20, 0, &none));
  assert_int_equal(statistics(&f).bytes_held, SLM_LARGE_PAGE_SIZE + 4096);
  f.provider.dry = false;
  close_with_live(&f, 1);
}

/** A region gives runs, and resizes them where they are. */
static void runs_count(void **state) {
  (void)state;
  fixture f;
  void *out;
  size_t size = 16 << 20;
  char *buffer = aligned_alloc(4096, size);
  slm_region *region = slm_region_init(buffer, size, 4096, NULL);
  size_t available = slm_region_available(region, 4096);
  slm_options options = SUITE_OPTIONS(slm_region_provider(region));
  f.zone = slm_zone_init(&f.storage, sizeof f.storage, &options, NULL);
  char *object = slm_zone_allocate(f.zone, 200000 - CANARY);
  assert_non_null(object);
  uint64_t held = statistics(&f).bytes_held;
  assert_true(held >= 200704 && held <= 200704 + 3 * 4096);
  assert_ok(slm_zone_resize(f.zone, object, 400000 - CANARY));
  assert_int_equal(statistics(&f).bytes_held, held + 401408 - 200704);
  assert_ok(slm_zone_set_limits(f.zone, 0, held + 401408 - 200704 + 4096));
  assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(f.zone, object, 500000));
  assert_int_equal(statistics(&f).bytes_held, held + 401408 - 200704);
  assert_ok(slm_zone_resize(f.zone, object, 200000 - CANARY));
  assert_int_equal(statistics(&f).bytes_held, held);
  assert_null(slm_zone_reallocate(f.zone, object, 4 << 20)); /* neither here nor elsewhere */
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(statistics(&f).bytes_held, 0);
  /* Slabs are runs too. Where one is too long for the limit, a shorter one serves. */
  assert_ok(slm_zone_set_limits(f.zone, 0, 4096));
  assert_ok(slm_zone_allocate_with(f.zone, 8, 2000 - CANARY, 0, &out));
  assert_true(statistics(&f).bytes_held <= 4096);
  assert_ok(slm_zone_deallocate(f.zone, out));
  assert_ok(slm_zone_destroy(f.zone, NULL));
  assert_int_equal(slm_region_available(region, 4096), available);
  free(buffer);
}

static void limits_are_options_too(void **state) {
  (void)state;
  fixture f;
  test_provider_open(&f.provider, 4096);
  slm_options options = SUITE_OPTIONS(test_provider_both(&f.provider));
  options.soft_limit = 4096;
  options.hard_limit = 8192;
  f.zone = slm_zone_init(&f.storage, sizeof f.storage, &options, NULL);
  assert_non_null(f.zone);
  assert_int_equal(statistics(&f).soft_limit, 4096);
  assert_int_equal(statistics(&f).hard_limit, 8192);
  void *out;
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 100000, 0, &out));
  assert_non_null(slm_zone_allocate(f.zone, 8));
  assert_non_null(slm_zone_allocate(f.zone, 100));
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 1000, 0, &out));
  close_with_live(&f, 2);
}

static void at_the_hard_limit_empty_pages_of_other_sizes_go_back(void **state) {
  (void)state;
  fixture f;
  void *out;
  open_pull(&f, 4096);
  void *large = slm_zone_allocate(f.zone, 100000);
  assert_non_null(large);
  assert_ok(slm_zone_set_limits(f.zone, 0, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 8, 0, &out));
  assert_ok(slm_zone_deallocate(f.zone, large));
  assert_ok(slm_zone_allocate_with(f.zone, 8, 8, 0, &out)); /* the large page went */
  assert_int_equal(statistics(&f).bytes_held, 4096);
  assert_int_equal(test_provider_out(&f.provider, LARGE), 0);
  close_with_live(&f, 1);
}

static void a_limit_below_what_is_held(void **state) {
  (void)state;
  fixture f;
  void *objects[10], *out;
  open_pull(&f, 4096);
  for (size_t i = 0; i < 10; i++) assert_non_null(objects[i] = slm_zone_allocate_aligned(f.zone, 8, ONE_PER_PAGE));
  uint64_t held = statistics(&f).bytes_held;
  assert_ok(slm_zone_set_limits(f.zone, 4096, held / 2));
  assert_int_equal(statistics(&f).bytes_held, held); /* nothing is taken away */
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 64, 0, &out));
  for (size_t i = 0; i < 9; i++) assert_ok(slm_zone_deallocate(f.zone, objects[i]));
  assert_ok(slm_zone_allocate_with(f.zone, 8, 64, 0, &out)); /* empty pages are used, and the rest went */
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  for (size_t i = 0; i < 50; i++) {
    void *object;
    if (slm_zone_allocate_with(f.zone, 8, ONE_PER_PAGE, 0, &object) != SLM_OK) break;
    assert_true(statistics(&f).bytes_held <= held / 2);
  }
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, ONE_PER_PAGE, 0, &out));
  assert_int_equal(statistics(&f).bytes_held, held / 2);
  size_t live = slots_live(&f);
  close_with_live(&f, live);
}

static void pushed_pages_count(void **state) {
  (void)state;
  fixture f;
  open_push(&f, 4096);
  assert_ok(slm_zone_set_limits(f.zone, 0, 8192));
  refill(&f, 8, 64);
  refill(&f, 8, 64);
  void *page = test_provider_take_stray(&f.provider, 4096);
  memset(page, 0x77, 4096);
  assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(f.zone, 8, 64, (char *)page + 64, 4096));
  assert_status(SLM_ERR_LIMIT, slm_zone_refill(f.zone, 8, 64, page, 4096));
  assert_true(bytes_are(page, 4096, 0x77));
  void *back = slm_zone_reclaim_page(f.zone, 4096);
  assert_non_null(back);
  test_provider_give_back(&f.provider, back, 4096);
  assert_int_equal(statistics(&f).bytes_held, 4096);
  f.provider.strays[BASE]--;
  assert_ok(slm_zone_refill(f.zone, 8, 64, page, 4096));
  assert_status(SLM_ERR_LIMIT, slm_zone_refill(f.zone, 8, 64, page, 4096));
  assert_ok(slm_zone_set_limits(f.zone, 0, 0));
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(f.zone, 8, 64, page, 4096));
  assert_int_equal(statistics(&f).bytes_held, 8192); /* a refused page is not counted */
  close_fixture(&f);
}

static void the_soft_limit_calls_once_for_each_crossing(void **state) {
  (void)state;
  watch w;
  void *objects[6];
  open_watch(&w);
  assert_ok(slm_zone_set_limits(w.f.zone, 2 * 4096, 0));
  static const size_t sizes[] = {8, 16, 32, 64, 128, 256}; /* a page each */
  for (size_t i = 0; i < 2; i++) assert_non_null(objects[i] = slm_zone_allocate(w.f.zone, sizes[i]));
  assert_int_equal(w.calls, 0);
  for (size_t i = 2; i < 6; i++) assert_non_null(objects[i] = slm_zone_allocate(w.f.zone, sizes[i]));
  assert_int_equal(w.calls, 1);
  assert_int_equal(w.bytes, 3 * 4096);
  for (size_t i = 1; i < 6; i++) assert_ok(slm_zone_deallocate(w.f.zone, objects[i]));
  assert_ok(slm_zone_reclaim(w.f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(statistics(&w.f).bytes_held, 4096);
  for (size_t i = 1; i < 6; i++) assert_non_null(objects[i] = slm_zone_allocate(w.f.zone, sizes[i]));
  assert_int_equal(w.calls, 2);
  /* A new limit below what is held: the next page is above it. */
  assert_ok(slm_zone_set_limits(w.f.zone, 4096, 0));
  assert_int_equal(w.calls, 2);
  assert_non_null(slm_zone_allocate(w.f.zone, 512));
  assert_int_equal(w.calls, 3);
  assert_ok(slm_zone_set_soft_limit_handler(w.f.zone, NULL, NULL));
  assert_ok(slm_zone_set_limits(w.f.zone, 4096, 0));
  assert_non_null(slm_zone_allocate(w.f.zone, 768));
  assert_int_equal(w.calls, 3);
  close_with_live(&w.f, 8);
}

static void a_handler_may_use_the_zone(void **state) {
  (void)state;
  watch w;
  open_watch(&w);
  assert_non_null(w.object = slm_zone_allocate(w.f.zone, 64));
  assert_ok(slm_zone_set_limits(w.f.zone, 4096, 8192));
  w.frees = w.reclaims = w.allocates = true;
  assert_non_null(slm_zone_allocate(w.f.zone, 1000));
  assert_int_equal(w.calls, 1);
  assert_status(SLM_ERR_REENTRANT, w.refused);
  assert_int_equal(statistics(&w.f).bytes_held, 4096); /* the page of 64 bytes went */
  w.frees = w.reclaims = w.allocates = false;
  assert_ok(slm_zone_set_limits(w.f.zone, 0, 0));
  still_works(&w.f);
  close_with_live(&w.f, 1);
}

static void destroy_from_handler(void *context, size_t bytes) {
  watch *w = context;
  (void)bytes;
  w->calls++;
  assert_ok(slm_zone_destroy(w->f.zone, NULL));
}

static void a_handler_that_destroys(void **state) {
  (void)state;
  watch w;
  void *out;
  open_watch(&w);
  assert_non_null(slm_zone_allocate(w.f.zone, 64));
  assert_ok(slm_zone_set_soft_limit_handler(w.f.zone, destroy_from_handler, &w));
  assert_ok(slm_zone_set_limits(w.f.zone, 4096, 0));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_allocate_with(w.f.zone, 8, 1000, 0, &out));
  assert_int_equal(w.calls, 1);
  assert_int_equal(w.f.provider.calls, 1);
  test_provider_close(&w.f.provider);
}

static void bad_arguments(void **state) {
  (void)state;
  fixture f;
  storage_type none;
  memset(&none, 0, sizeof none);
  open_pull(&f, 4096);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_set_limits(f.zone, 2, 1));
  assert_ok(slm_zone_set_limits(f.zone, 1, 0));
  assert_ok(slm_zone_set_limits(f.zone, UINT64_MAX, UINT64_MAX));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_set_limits((slm_zone *)&none, 0, 0));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_set_soft_limit_handler((slm_zone *)&none, on_soft_limit, NULL));
  still_works(&f);
  close_fixture(&f);
}

static void caches_have_limits(void **state) {
  (void)state;
  test_provider provider;
  cache_storage_type storage;
  test_provider_open(&provider, 4096);
  slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
  options.hard_limit = 8192;
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 200, &options, NULL);
  assert_non_null(cache);
  void *out;
  size_t count = 0;
  while (slm_cache_allocate(cache) != NULL) count++;
  assert_status(SLM_ERR_LIMIT, slm_cache_allocate_with(cache, 0, &out));
  assert_status(SLM_ERR_LIMIT, slm_cache_reserve(cache, 100));
  assert_ok(slm_cache_set_limits(cache, 0, 3 * 4096));
  assert_ok(slm_cache_set_soft_limit_handler(cache, NULL, NULL));
  assert_ok(slm_cache_allocate_with(cache, 0, &out));
  size_t live;
  assert_ok(slm_cache_destroy(cache, &live));
  assert_int_equal(live, count + 1);
  test_provider_close(&provider);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_are_those_of_pages),
      cmocka_unit_test(the_hard_limit_refuses),
      cmocka_unit_test(large_objects_count),
      cmocka_unit_test(runs_count),
      cmocka_unit_test(limits_are_options_too),
      cmocka_unit_test(at_the_hard_limit_empty_pages_of_other_sizes_go_back),
      cmocka_unit_test(a_limit_below_what_is_held),
      cmocka_unit_test(pushed_pages_count),
      cmocka_unit_test(the_soft_limit_calls_once_for_each_crossing),
      cmocka_unit_test(a_handler_may_use_the_zone),
      cmocka_unit_test(a_handler_that_destroys),
      cmocka_unit_test(bad_arguments),
      cmocka_unit_test(caches_have_limits),
  };
  return RUN_SUITE("limits", tests);
}
