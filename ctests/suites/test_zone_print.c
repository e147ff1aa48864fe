/* Reports of zones and caches: text and JSON say the same, every sum closes, and statistics agree. */
#include "../support/printed.h"
#include "../support/run_provider.h"

/** A report of a zone with nothing but what the statistics count. */
static const printed *check_zone_report(slm_zone *zone) {
  const printed *p = PRINTED(slm_zone_print, zone, );
  slm_statistics now = statistics_of(zone);
  assert_int_equal(p->total.held_bytes, now.bytes_held);
  assert_int_equal(p->total.live, now.slots_live);
  assert_int_equal(p->total.live_bytes, now.bytes_live);
  assert_int_equal(printed_row_named(p, "large")->live, now.objects_large);
  assert_int_equal(printed_row_named(p, "large")->live_bytes, now.bytes_large);
  assert_int_equal(printed_row_named(p, "free runs")->dirty_bytes, now.bytes_free_runs);
  assert_int_equal(printed_number(p->text, "peak_bytes"), now.bytes_peak);
  for (size_t i = 0; i < now.class_count; i++) {
    slm_class_statistics class = {.struct_size = sizeof class};
    char name[16];
    assert_ok(slm_zone_class_statistics(zone, i, &class));
    snprintf(name, sizeof name, "%u", class.slot_size);
    const printed_row *row = printed_row_named(p, name);
    assert_int_equal(row->slabs, class.pages);
    assert_int_equal(row->live, class.slots_live);
    assert_int_equal(row->live_bytes, class.slots_live * class.slot_size);
    assert_true(row->slots >= row->live);
    assert_true((row->dirty_bytes != 0) == (class.empty_pages != 0));
    /* Descriptors and slot words are small. */
    assert_true(row->slabs == 0 || (row->metadata_bytes >= row->slabs * 48 && row->metadata_bytes < row->held_bytes));
  }
  return p;
}

static void every_sum_closes(void **state) {
  (void)state;
  enum { LIVE = 200, STEPS = 3000 };
  uint64_t random = suite_seed();
  EACH_BASE_PAGE_SIZE(page_size) {
    for (int has_runs = 0; has_runs < 2; has_runs++) {
      run_fixture r;
      fixture f;
      if (has_runs) open_runs(&r, page_size, true);
      else open_pull(&f, page_size);
      slm_zone *zone = has_runs ? r.zone : f.zone;
      void *objects[LIVE] = {0};
      for (size_t step = 0; step < STEPS; step++) {
        void **object = &objects[random_below(&random, LIVE)];
        if (*object != NULL) {
          assert_ok(slm_zone_deallocate(zone, *object));
          *object = NULL;
        } else {
          size_t limit = step % 32 == 0 ? SLM_MAX_SIZE + 100000 : step % 16 == 0 ? 60000 : 2048;
          *object = slm_zone_allocate(zone, random_below(&random, limit));
          assert_non_null(*object);
        }
        if (step % 50 == 49)
          assert_ok(slm_zone_reclaim(zone, random_below(&random, 4), random_below(&random, 2), NULL));
        if (step % 20 == 0) check_zone_report(zone);
      }
      for (size_t i = 0; i < LIVE; i++) assert_ok(slm_zone_deallocate(zone, objects[i]));
      const printed *p = check_zone_report(zone);
      assert_int_equal(p->total.live_bytes, 0);
      assert_int_equal(p->total.free_bytes, 0); /* all that is left of slabs is dirty */
      if (has_runs) close_runs(&r, 0);
      else close_fixture(&f);
    }
  }
}

/** Pages that a cache has of a zone are the zone's, and handed out. */
static void lent_pages(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  static cache_storage_type storage;
  slm_options options = SUITE_OPTIONS(slm_zone_provider(f.zone));
  options.name = "line\nquote\"back\\slash\xC3\xA9";
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 100, &options, NULL);
  assert_non_null(cache);
  void *object = slm_cache_allocate(cache);
  assert_non_null(object);
  const printed *p = PRINTED(slm_cache_print, cache, );
  assert_non_null(strstr(p->text, "\"kind\":\"cache\",\"name\":\"line\\u000aquote\\\"back\\\\slash\\u00c3\\u00a9\""));
  assert_int_equal(p->total.live, 1);
  uint64_t held = p->total.held_bytes;
  p = PRINTED(slm_zone_print, f.zone, );
  assert_int_equal(printed_row_named(p, "lent")->live_bytes, held);
  assert_int_equal(p->total.live, 0);
  assert_non_null(strstr(p->text, "\"kind\":\"zone\",\"name\":"));
  assert_ok(slm_cache_deallocate(cache, object));
  assert_ok(slm_cache_destroy(cache, NULL));
  p = PRINTED(slm_zone_print, f.zone, );
  assert_int_equal(printed_row_named(p, "lent")->live_bytes, 0);
  close_fixture(&f);
}

/** A name of any length. */
static void long_names(void **state) {
  (void)state;
  static char name[3000];
  memset(name, '\1', sizeof name - 1);
  fixture f;
  test_provider_open(&f.provider, 4096);
  slm_options options = SUITE_OPTIONS(test_provider_both(&f.provider));
  options.name = name;
  options.soft_limit = 1 << 20, options.hard_limit = 2 << 20;
  static storage_type storage;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  const printed *p = PRINTED(slm_zone_print, zone, );
  const char *found = strstr(p->text, "\\u0001\\u0001");
  size_t count = 0;
  for (; strncmp(found, "\\u0001", 6) == 0; found += 6) count++;
  assert_int_equal(count, sizeof name - 1);
  assert_int_equal(printed_number(p->text, "soft_limit_bytes"), 1 << 20);
  assert_int_equal(printed_number(p->text, "hard_limit_bytes"), 2 << 20);
  assert_ok(slm_zone_destroy(zone, NULL));
  test_provider_close(&f.provider);
}

static void destroy_zone(void *context, const char *text, size_t length) {
  (void)text, (void)length;
  slm_zone **zone = context;
  if (*zone != NULL) assert_ok(slm_zone_destroy(*zone, NULL));
  *zone = NULL;
}

static void what_is_refused(void **state) {
  (void)state;
  fixture f;
  static printed p;
  open_pull(&f, 4096);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_print(f.zone, 2, printed_add, &p));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_print(f.zone, UINT32_MAX, printed_add, &p));
  static storage_type storage;
  static cache_storage_type cache_storage;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_print((slm_zone *)&storage, SLM_TEXT, printed_add, &p));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_print((slm_cache *)&cache_storage, SLM_TEXT, printed_add, &p));
  assert_int_equal(p.length, 0);
  /* The writer may destroy the zone: no lock is held. */
  slm_zone *zone = f.zone;
  assert_non_null(slm_zone_allocate(zone, 100));
  assert_ok(slm_zone_print(zone, SLM_TEXT, destroy_zone, &zone));
  assert_null(zone);
  test_provider_close(&f.provider);
}

#ifdef SUITE_HARDENED
/** A slab whose guard was overwritten is only known by what the ledger has and nothing else. */
static void broken_slabs(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  unsigned char *object = slm_zone_allocate(f.zone, 2000);
  assert_non_null(object);
  check_zone_report(f.zone);
  unsigned char *last = (unsigned char *)((uintptr_t)object | 4095);
  *last ^= 1;
  const printed *p = PRINTED(slm_zone_print, f.zone, );
  assert_true(p->total.live == 0 && printed_row_named(p, "broken")->free_bytes == p->total.held_bytes);
  *last ^= 1;
  check_zone_report(f.zone);
  close_with_live(&f, 1);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_sum_closes), cmocka_unit_test(lent_pages),
      cmocka_unit_test(long_names),       cmocka_unit_test(what_is_refused),
#ifdef SUITE_HARDENED
      cmocka_unit_test(broken_slabs),
#endif
  };
  return RUN_SUITE("print", tests);
}
