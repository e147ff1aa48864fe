/* The end of an allocator: what it says of live objects, and every function before init and after destroy. */
#include "../support/family.h"

/** Every function of the family says that there is no zone here, and does nothing. */
static void every_function_refuses(void *storage, test_provider *provider, void *pointer) {
  slm_zone *zone = storage;
  void *out = zone, *page = test_provider_take(provider, 4096);
  size_t count = 9;
  slm_reclaimed reclaimed = {.struct_size = sizeof reclaimed, .base_pages = 9, .large_pages = 9};
  slm_statistics all = {.struct_size = sizeof all};
  slm_class_statistics class = {.struct_size = sizeof class};
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_destroy(zone, &count));
  assert_int_equal(slm_zone_page_size(zone, 8, 8), 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_refill(zone, 8, 8, page, 4096));
  static const size_t sizes[] = {0, 1, 64, 1024, 1025, 5000, SLM_MAX_SIZE, SIZE_MAX};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    assert_null(slm_zone_allocate(zone, sizes[i]));
    assert_null(slm_zone_allocate_zeroed(zone, sizes[i]));
    assert_null(slm_zone_allocate_aligned(zone, 64, sizes[i]));
    assert_int_equal(slm_zone_good_size(zone, sizes[i]), 0);
  }
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_allocate_with(zone, 8, 8, 0, &out));
  assert_null(out);
  assert_int_equal(slm_zone_allocate_batch(zone, 8, 1, &out), 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_deallocate(zone, pointer));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_deallocate_sized(zone, pointer, 8));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_deallocate_aligned_sized(zone, pointer, 8, 8));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_deallocate_batch(zone, &pointer, 1, &count));
  assert_int_equal(count, 0);
  assert_null(slm_zone_reallocate(zone, pointer, 9));
  assert_null(slm_zone_reallocate(zone, NULL, 9));
  assert_null(slm_zone_reallocate_aligned(zone, pointer, 16, 9));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_resize(zone, pointer, 8));
  assert_int_equal(slm_zone_usable_size(zone, pointer), 0);
  assert_false(slm_zone_owns(zone, pointer));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, &reclaimed));
  assert_null(slm_zone_reclaim_page(zone, 4096));
  assert_null(slm_zone_reclaim_page(zone, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_statistics(zone, &all));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_class_statistics(zone, 0, &class));
  test_provider_give_back(provider, page, 4096);
}

/** The same for the size-class allocator. */
static void every_cache_function_refuses(void *storage, test_provider *provider, void *pointer) {
  slm_cache *cache = storage;
  void *out = cache, *page = test_provider_take(provider, 4096);
  size_t count = 9;
  slm_statistics all = {.struct_size = sizeof all};
  slm_class_statistics class = {.struct_size = sizeof class};
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_destroy(cache, &count));
  assert_int_equal(slm_cache_slot_size(cache), 0);
  assert_int_equal(slm_cache_page_size(cache), 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_refill(cache, page, 4096));
  assert_null(slm_cache_allocate(cache));
  assert_null(slm_cache_allocate_zeroed(cache));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_allocate_with(cache, 0, &out));
  assert_null(out);
  assert_int_equal(slm_cache_allocate_batch(cache, 1, &out), 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_deallocate(cache, pointer));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_deallocate_aligned_sized(cache, pointer, 8, 8));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_deallocate_batch(cache, &pointer, 1, &count));
  assert_int_equal(count, 0);
  assert_int_equal(slm_cache_usable_size(cache, pointer), 0);
  assert_false(slm_cache_owns(cache, pointer));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_reclaim(cache, SIZE_MAX, SIZE_MAX, NULL));
  assert_null(slm_cache_reclaim_page(cache, 4096));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_statistics(cache, &all));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_class_statistics(cache, &class));
  test_provider_give_back(provider, page, 4096);
}

static storage_type in_bss; /* zero-filled: a zone that is not initialised */
static cache_storage_type cache_in_bss;

static void before_init(void **state) {
  (void)state;
  test_provider provider;
  char object[64];
  test_provider_open(&provider, 4096);
  every_function_refuses(&in_bss, &provider, object);
  every_cache_function_refuses(&cache_in_bss, &provider, object);
  assert_true(bytes_are(&in_bss, sizeof in_bss, 0));
  assert_true(bytes_are(&cache_in_bss, sizeof cache_in_bss, 0));
  /* One call that can't fail makes it usable. */
  slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
  slm_zone *zone = slm_zone_init(&in_bss, sizeof in_bss, &options, NULL);
  slm_cache *cache = slm_cache_init(&cache_in_bss, sizeof cache_in_bss, 8, 8, &options, NULL);
  assert_non_null(slm_zone_allocate(zone, 8));
  assert_non_null(slm_cache_allocate(cache));
  assert_ok(slm_zone_destroy(zone, NULL));
  assert_ok(slm_cache_destroy(cache, NULL));
  test_provider_close(&provider);
}

static void after_destroy_and_again(void **state) {
  (void)state;
  storage_type storage;
  cache_storage_type cache_storage;
  test_provider provider;
  test_provider_open(&provider, 4096);
  provider.poison = true; /* the pages of the zone that ended can't even be read */
  slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
  for (size_t round = 1; round < 4; round++) { /* the same storage serves zone after zone */
    size_t live = 99;
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    void *object = NULL;
    for (size_t i = 0; i < 200 * round; i++) assert_non_null(object = slm_zone_allocate(zone, i % 20 ? 1500 : 40000));
    slm_statistics all = {.struct_size = sizeof all};
    assert_ok(slm_zone_statistics(zone, &all));
    assert_int_equal(all.slots_live, 200 * round);
    assert_int_equal(all.base_pages_given_back, 0); /* a new zone begins its books */
    assert_ok(slm_zone_destroy(zone, &live));
    assert_int_equal(live, 200 * round);
    assert_int_equal(test_provider_out(&provider, BASE), 0);
    assert_int_equal(test_provider_out(&provider, LARGE), 0);
    every_function_refuses(&storage, &provider, object);

    slm_cache *cache = slm_cache_init(&cache_storage, sizeof cache_storage, 8, 1000, &options, NULL);
    for (size_t i = 0; i < 200 * round; i++) assert_non_null(object = slm_cache_allocate(cache));
    assert_ok(slm_cache_destroy(cache, &live));
    assert_int_equal(live, 200 * round);
    every_cache_function_refuses(&cache_storage, &provider, object);
  }
  test_provider_close(&provider);
}

static void live_objects_are_counted(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    void *objects[300];
    open_pull(&f, page_size);
    for (size_t i = 0; i < 300; i++) assert_non_null(objects[i] = slm_zone_allocate(f.zone, i * 90));
    for (size_t i = 0; i < 300; i += 3) assert_ok(slm_zone_deallocate(f.zone, objects[i]));
    close_with_live(&f, 200);
  }
}

static void nothing_taken_nothing_given(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  close_fixture(&f);
  assert_int_equal(f.provider.taken[BASE] + f.provider.taken[LARGE], 0);
}

static void pages_of_an_ended_zone_can_be_used_again(void **state) {
  (void)state;
  fixture f, next;
  open_push(&f, 4096);
  void *page = refill(&f, 8, 64);
  assert_non_null(slm_zone_allocate(f.zone, 64));
  assert_ok(slm_zone_destroy(f.zone, NULL));
  open_push(&next, 4096);
  assert_ptr_equal(test_provider_take(&f.provider, 4096), page); /* last in first out */
  assert_ok(slm_zone_refill(next.zone, 8, 64, page, 4096));
  void *object = slm_zone_allocate(next.zone, 64);
  assert_true((uintptr_t)object - (uintptr_t)page < 4096);
  assert_ok(slm_zone_deallocate(next.zone, object));
  assert_ptr_equal(slm_zone_reclaim_page(next.zone, 4096), page);
  test_provider_give_back(&f.provider, page, 4096);
  close_fixture(&next);
  test_provider_close(&f.provider);
}

/** A zone whose provider ends it. */
typedef struct ending {
  fixture f;
  size_t countdown; /* ends it at this call of release_page, counted from 1 */
  size_t live;      /* what destroy said */
  slm_status status;
  bool ran;
} ending;

static void open_ending(ending *e) {
  memset(e, 0, sizeof *e);
  open_pull(&e->f, 4096);
  e->f.provider.hook_context = e;
  e->f.provider.poison = true; /* what the zone gave back can't even be read */
  e->f.provider.careless = true;
}

static void end_the_zone(void *context) {
  ending *e = context;
  if (e->countdown > 1) {
    e->countdown--;
    e->f.provider.on_release = end_the_zone;
    return;
  }
  e->ran = true;
  e->status = slm_zone_destroy(e->f.zone, &e->live);
}

/** The provider ended the zone, which gave every page back, and the storage serves again. */
static void has_ended(ending *e, void *object) {
  assert_true(e->ran);
  assert_ok(e->status);
  assert_int_equal(test_provider_out(&e->f.provider, BASE), 0);
  assert_int_equal(test_provider_out(&e->f.provider, LARGE), 0);
  every_function_refuses(&e->f.storage, &e->f.provider, object);
  slm_options options = SUITE_OPTIONS(test_provider_both(&e->f.provider));
  assert_ptr_equal(slm_zone_init(&e->f.storage, sizeof e->f.storage, &options, NULL), e->f.zone);
  still_works(&e->f);
  close_fixture(&e->f);
}

static void destroying_from_allocate_page(void **state) {
  (void)state;
  static const size_t sizes[] = {128, 2048, 50000};
  enum { WAYS = 6 };
  for (size_t i = 0; i < COUNT_OF(sizes) * WAYS * 2; i++) {
    size_t size = sizes[i % COUNT_OF(sizes)];
    ending e;
    void *out[100];
    open_ending(&e);
    void *object = slm_zone_allocate(e.f.zone, 64);
    assert_non_null(object);
    e.f.provider.on_allocate = end_the_zone;
    e.f.provider.dry = i >= COUNT_OF(sizes) * WAYS; /* else it gives a page to a zone that has ended */
    switch (i / COUNT_OF(sizes) % WAYS) {
    case 0:
      assert_null(slm_zone_allocate(e.f.zone, size));
      break;
    case 1:
      assert_null(slm_zone_allocate_zeroed(e.f.zone, size));
      break;
    case 2:
      assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_allocate_with(e.f.zone, 8, size, SLM_ZEROED, out));
      assert_null(out[0]);
      break;
    case 3:
      assert_null(slm_zone_allocate_aligned(e.f.zone, SLM_LARGE_PAGE_SIZE, size));
      break;
    case 4:
      assert_int_equal(slm_zone_allocate_batch(e.f.zone, size, COUNT_OF(out), out), 0);
      break;
    default:
      assert_null(slm_zone_reallocate(e.f.zone, object, size));
    }
    assert_int_equal(e.live, 1);
    e.f.provider.dry = false;
    has_ended(&e, object);
  }
}

/** Whatever the page is for: an object, or a table of the zone's pages. */
static void destroying_from_each_call_in_turn(void **state) {
  (void)state;
  size_t calls = 200;
  for (size_t n = 1; n <= calls; n++) {
    ending e;
    void *object = NULL;
    size_t count = 0;
    open_ending(&e);
    e.f.provider.hook_at = n;
    e.f.provider.on_allocate = end_the_zone;
    while (!e.ran) {
      void *next = slm_zone_allocate(e.f.zone, ONE_PER_PAGE);
      assert_int_equal(next == NULL, e.ran);
      if (next == NULL) break;
      object = next;
      count++;
    }
    /* A page that is for a table comes when the object's own is there already. */
    assert_true(e.live == count || e.live == count + 1);
    has_ended(&e, object != NULL ? object : &e);
  }
}

static void destroying_from_release_page_of_a_reclaim(void **state) {
  (void)state;
  enum { BASE_PAGES = 36, LARGE_PAGES = 3, ALL = BASE_PAGES + LARGE_PAGES, BATCH = 16 };
  for (size_t n = 1; n <= ALL; n++) {
    ending e;
    void *objects[ALL], *object;
    slm_reclaimed out = {.struct_size = sizeof out};
    open_ending(&e);
    assert_non_null(object = slm_zone_allocate(e.f.zone, 64));
    for (size_t i = 0; i < ALL; i++) {
      objects[i] = slm_zone_allocate(e.f.zone, i < BASE_PAGES ? ONE_PER_PAGE : 20000 * (i - BASE_PAGES + 1));
      assert_non_null(objects[i]);
    }
    assert_ok(slm_zone_deallocate_batch(e.f.zone, objects, ALL, NULL));
    e.countdown = n;
    e.f.provider.on_release = end_the_zone;
    assert_ok(slm_zone_reclaim(e.f.zone, SIZE_MAX, SIZE_MAX, &out));
    /* Pages leave the zone in batches. destroy gave back the others. */
    assert_in_range(out.base_pages + out.large_pages, n, n + BATCH - 1 <= ALL ? n + BATCH - 1 : ALL + 1); /* a table */
    assert_int_equal(e.live, 1);
    has_ended(&e, object);
  }
}

/** Deallocations that leave more empty slabs than a bin keeps give some back. */
static void destroying_from_release_page_of_a_deallocation(void **state) {
  (void)state;
  enum { PAGES = MOST_EMPTY_OF_ONE * (CPUS + 2) };
  static void *objects[PAGES];
  ending e;
  open_ending(&e);
  for (size_t i = 0; i < PAGES; i++) assert_non_null(objects[i] = slm_zone_allocate(e.f.zone, ONE_PER_PAGE));
  e.f.provider.on_release = end_the_zone;
  size_t freed = 0;
  while (!e.ran && freed < PAGES) assert_ok(slm_zone_deallocate(e.f.zone, objects[freed++]));
  assert_true(e.ran && freed > MOST_EMPTY_OF_ONE);
  assert_int_equal(e.live, PAGES - freed);
  has_ended(&e, objects[0]);
}

/** A large object's pages go back at once. */
static void destroying_from_release_page_of_a_large_object(void **state) {
  (void)state;
  ending e;
  void *object, *other;
  open_ending(&e);
  assert_non_null(other = slm_zone_allocate(e.f.zone, 300000));
  assert_non_null(object = slm_zone_allocate(e.f.zone, 300000));
  e.f.provider.on_release = end_the_zone;
  assert_ok(slm_zone_deallocate(e.f.zone, object));
  assert_true(e.ran);
  assert_int_equal(e.live, 1);
  has_ended(&e, other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(before_init),
      cmocka_unit_test(after_destroy_and_again),
      cmocka_unit_test(live_objects_are_counted),
      cmocka_unit_test(nothing_taken_nothing_given),
      cmocka_unit_test(pages_of_an_ended_zone_can_be_used_again),
      cmocka_unit_test(destroying_from_allocate_page),
      cmocka_unit_test(destroying_from_each_call_in_turn),
      cmocka_unit_test(destroying_from_release_page_of_a_reclaim),
      cmocka_unit_test(destroying_from_release_page_of_a_deallocation),
      cmocka_unit_test(destroying_from_release_page_of_a_large_object),
  };
  return RUN_SUITE("destroy", tests);
}
