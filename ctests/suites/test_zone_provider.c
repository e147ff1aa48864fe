/* Caches on a zone's pages. */
#include "../support/family.h"

/** A zone, and a cache on it. */
typedef struct pair {
  fixture f;
  cache_storage_type storage;
  slm_cache *cache;
} pair;

static void open_pair(pair *p, size_t page_size) {
  open_pull(&p->f, page_size);
  slm_options options = SUITE_OPTIONS(slm_zone_provider(p->f.zone));
  p->cache = slm_cache_init(&p->storage, sizeof p->storage, 8, 200, &options, NULL);
  assert_non_null(p->cache);
  assert_int_equal(slm_cache_page_size(p->cache), page_size);
}

/** The zone's books hold with the pages that it lent. */
static void check_pair(pair *p, uint64_t lent) {
  slm_statistics all = statistics(&p->f);
  assert_int_equal(all.pages_lent, lent);
  uint64_t base = all.base_pages_taken - all.base_pages_given_back;
  assert_int_equal(base, test_provider_out(&p->f.provider, BASE));
  assert_int_equal(all.base_pages_taken, p->f.provider.taken[BASE]);
  assert_int_equal(all.bytes_held, base * p->f.provider.base_page_size +
                                       test_provider_out(&p->f.provider, LARGE) * SLM_LARGE_PAGE_SIZE);
}

static void close_pair(pair *p) {
  assert_ok(slm_cache_destroy(p->cache, NULL));
  check_pair(p, 0);
  close_fixture(&p->f);
}

static void a_cache_counts_to_its_zone(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    pair p;
    open_pair(&p, page_size);
    void *object = slm_cache_allocate(p.cache);
    assert_non_null(object);
    check_pair(&p, 1);
    assert_false(slm_zone_owns(p.f.zone, object));
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_zone_deallocate(p.f.zone, object));
    assert_ok(slm_cache_deallocate(p.cache, object));
    check_pair(&p, 1);
    assert_ok(slm_cache_reclaim(p.cache, SIZE_MAX, SIZE_MAX, NULL));
    check_pair(&p, 0);
    assert_int_equal(test_provider_out(&p.f.provider, BASE), 0);
    close_pair(&p);
  }
}

static void empty_pages_are_used_first(void **state) {
  (void)state;
  pair p;
  open_pair(&p, 4096);
  void *object = slm_zone_allocate(p.f.zone, 64);
  assert_ok(slm_zone_deallocate(p.f.zone, object));
  size_t calls = p.f.provider.calls;
  assert_non_null(slm_cache_allocate(p.cache));
  assert_int_equal(p.f.provider.calls, calls);
  check_pair(&p, 1);
  assert_int_equal(class_of(&p.f, 64).pages, 0);
  still_works(&p.f);
  close_pair(&p);
}

static void the_zones_limits_hold(void **state) {
  (void)state;
  pair p;
  void *out;
  open_pair(&p, 4096);
  assert_ok(slm_zone_set_limits(p.f.zone, 0, 3 * 4096));
  assert_non_null(slm_zone_allocate(p.f.zone, 64));
  size_t count = 0;
  slm_status status;
  while ((status = slm_cache_allocate_with(p.cache, 0, &out)) == SLM_OK) count++;
  assert_status(SLM_ERR_OUT_OF_MEMORY, status); /* the cache has no limit; its provider has */
  assert_true(count > 0);
  check_pair(&p, 2);
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(p.f.zone, 8, 1000, 0, &out));
  assert_ok(slm_cache_destroy(p.cache, NULL));
  check_pair(&p, 0);
  assert_ok(slm_zone_allocate_with(p.f.zone, 8, 1000, 0, &out));
  close_with_live(&p.f, 2);
}

static void the_zone_outlives_its_caches(void **state) {
  (void)state;
  pair p;
  size_t live = 9;
  open_pair(&p, 4096);
  assert_non_null(slm_zone_allocate(p.f.zone, 64));
  void *object = slm_cache_allocate(p.cache);
  assert_status(SLM_ERR_IN_USE, slm_zone_destroy(p.f.zone, &live));
  assert_ok(slm_cache_deallocate(p.cache, object));
  assert_status(SLM_ERR_IN_USE, slm_zone_destroy(p.f.zone, NULL));
  still_works(&p.f);
  assert_ok(slm_cache_destroy(p.cache, &live));
  check_pair(&p, 0);
  close_with_live(&p.f, 1);
}

static bool drop_all(void *context, size_t bytes) {
  (void)bytes;
  pair *p = context;
  p->f.provider.dry = false;
  return true;
}

static void the_zones_shrinkers_are_asked(void **state) {
  (void)state;
  pair p;
  open_pair(&p, 4096);
  slm_shrinker shrinker = {.struct_size = sizeof shrinker, .context = &p, .shrink = drop_all};
  assert_ok(slm_zone_add_shrinker(p.f.zone, &shrinker));
  p.f.provider.dry = true;
  assert_non_null(slm_cache_allocate(p.cache));
  check_pair(&p, 1);
  close_pair(&p);
}

static void what_is_not_lent_is_ignored(void **state) {
  (void)state;
  pair p;
  open_pair(&p, 4096);
  slm_page_provider provider = slm_zone_provider(p.f.zone);
  void *object = slm_zone_allocate(p.f.zone, 64), *stray = test_provider_take_stray(&p.f.provider, 4096);
  void *own = (void *)((uintptr_t)object & ~(uintptr_t)4095);
  provider.release_page(provider.context, stray, 4096); /* none is lent */
  assert_non_null(slm_cache_allocate(p.cache));
  provider.release_page(provider.context, own, 4096); /* the zone's own */
  provider.release_page(provider.context, (char *)stray + 64, 4096);
  provider.release_page(provider.context, stray, 8192);
  provider.release_page(provider.context, stray, SLM_LARGE_PAGE_SIZE);
  assert_null(provider.allocate_page(provider.context, 8192));
  assert_null(provider.allocate_page(provider.context, 16384));
  assert_int_equal(statistics(&p.f).pages_lent, 1);
  test_provider_give_back_stray(&p.f.provider, stray, 4096);
  assert_ok(slm_zone_deallocate(p.f.zone, object));
  assert_ok(slm_cache_destroy(p.cache, NULL));
  assert_int_equal(statistics(&p.f).pages_lent, 0);
  close_fixture(&p.f);
  assert_null(provider.allocate_page(provider.context, 4096)); /* the zone has ended */
}

static void zones_without_pages_lend_none(void **state) {
  (void)state;
  fixture f;
  storage_type none;
  memset(&none, 0, sizeof none);
  slm_page_provider provider = slm_zone_provider((slm_zone *)&none);
  assert_null(provider.allocate_page(provider.context, 4096));
  open_push(&f, 4096);
  provider = slm_zone_provider(f.zone);
  assert_null(provider.allocate_page(provider.context, 4096));
  void *page = refill(&f, 8, 64);
  assert_ptr_equal(provider.allocate_page(provider.context, 4096), page);
  assert_int_equal(statistics(&f).pages_lent, 1);
  provider.release_page(provider.context, page, 4096);
  close_fixture(&f);
}

/** A zone whose provider gives runs lends runs. */
static void runs_are_lent(void **state) {
  (void)state;
  fixture f;
  cache_storage_type storage;
  size_t size = 16 << 20;
  char *buffer = aligned_alloc(4096, size);
  slm_region *region = slm_region_init(buffer, size, 4096, NULL);
  size_t available = slm_region_available(region, 4096);
  slm_options options = SUITE_OPTIONS(slm_region_provider(region));
  f.zone = slm_zone_init(&f.storage, sizeof f.storage, &options, NULL);
  options.provider = slm_zone_provider(f.zone);
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 3000, &options, NULL);
  void *objects[20], *out;
  assert_int_equal(slm_cache_allocate_batch(cache, 20, objects), 20);
  slm_statistics all = statistics(&f), of_cache = {.struct_size = sizeof of_cache};
  assert_ok(slm_cache_statistics(cache, &of_cache));
  assert_int_equal(all.pages_lent * 4096, of_cache.bytes_held);
  assert_int_equal(all.bytes_held, of_cache.bytes_held);
  assert_int_equal(all.base_pages_taken, available - slm_region_available(region, 4096));
  assert_int_equal(all.large_pages_taken, 0);
  assert_status(SLM_ERR_IN_USE, slm_zone_destroy(f.zone, NULL));
  assert_ok(slm_zone_set_limits(f.zone, 0, all.bytes_held));
  while (slm_cache_allocate(cache) != NULL) continue;
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 200000, 0, &out));
  options.provider.release_run(options.provider.context, buffer, size); /* more than is lent */
  assert_int_equal(statistics(&f).pages_lent, all.pages_lent);
  assert_null(options.provider.allocate_run(options.provider.context, 4096, 3000));
  assert_null(options.provider.allocate_run(options.provider.context, 4097, 4096));
  assert_null(options.provider.allocate_run(options.provider.context, 0, 4096));
  assert_ok(slm_cache_destroy(cache, NULL));
  assert_int_equal(statistics(&f).bytes_held, 0);
  assert_int_equal(slm_region_available(region, 4096), available);
  assert_ok(slm_zone_destroy(f.zone, NULL));
  free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cache_counts_to_its_zone),    cmocka_unit_test(empty_pages_are_used_first),
      cmocka_unit_test(the_zones_limits_hold),         cmocka_unit_test(the_zone_outlives_its_caches),
      cmocka_unit_test(the_zones_shrinkers_are_asked), cmocka_unit_test(what_is_not_lent_is_ignored),
      cmocka_unit_test(zones_without_pages_lend_none), cmocka_unit_test(runs_are_lent),
  };
  return RUN_SUITE("lends pages", tests);
}
