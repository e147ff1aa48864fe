/* Reserves: after one, allocations of its class can't fail, whatever happens to the zone. */
#include "../support/family.h"

typedef struct layout {
  size_t alignment, size, count;
} layout;

/** Counts that are below, at and above what pages hold. */
static const layout layouts[] = {
    {8, 1, 1},       {8, 8, 505},       {8, 64, 63},       {8, 64, 64},   {16, 1000, 17},
    {8, 2048, 3},    {64, 40, 100},     {4096, 4096, 40},  {8, 10000, 1}, {8, SLM_MAX_SIZE, 16},
    {32768, 64, 70}, {65536, 50000, 5}, {131072, 100, 16},
};

/** So many allocations succeed though the provider has no page, the last ones without being allowed to ask it. */
static void assert_reserved(fixture *f, const layout *l, void **objects) {
  f->provider.dry = true;
  for (size_t i = 0; i < l->count; i++) {
    uint32_t flags = i % 2 == 0 ? 0 : SLM_NOWAIT;
    assert_ok(slm_zone_allocate_with(f->zone, l->alignment, l->size, flags, &objects[i]));
    assert_aligned(objects[i], l->alignment);
    pattern_fill_ends(objects[i], l->size, i);
  }
  for (size_t i = 0; i < l->count; i++) assert_true(pattern_ends_hold(objects[i], l->size, i));
  f->provider.dry = false;
}

static void free_all(fixture *f, void **objects, size_t count) {
  for (size_t i = 0; i < count; i++) assert_ok(slm_zone_deallocate(f->zone, objects[i]));
}

/** Takes all that the zone can be brought to give up: other classes' allocations, reclaims. The objects stay live. */
static size_t plunder(fixture *f, size_t but) {
  size_t live = 0;
  f->provider.dry = true;
  assert_ok(slm_zone_reclaim(f->zone, SIZE_MAX, SIZE_MAX, NULL));
  for (size_t page_size = f->provider.base_page_size; page_size != 0;
       page_size = page_size == SLM_LARGE_PAGE_SIZE ? 0 : SLM_LARGE_PAGE_SIZE) {
    for (void *page; (page = slm_zone_reclaim_page(f->zone, page_size)) != NULL;)
      test_provider_give_back(&f->provider, page, page_size);
  }
  for (size_t size = 8; size <= SLM_MAX_SIZE; size += size / 2) {
    if (class_of(f, size).slot_size == but) continue;
    while (slm_zone_allocate(f->zone, size) != NULL) live++;
  }
  f->provider.dry = false;
  return live;
}

/** The slot size that a layout is served with. */
static size_t slot_size_of(fixture *f, const layout *l) {
  void *object;
  assert_ok(slm_zone_allocate_with(f->zone, l->alignment, l->size, 0, &object));
  size_t size = slm_zone_usable_size(f->zone, object) + CANARY;
  assert_ok(slm_zone_deallocate(f->zone, object));
  return size;
}

static void reserved_slots_are_there(void **state) {
  (void)state;
  static void *objects[1000];
  EACH_BASE_PAGE_SIZE(page_size) {
    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
      const layout *l = &layouts[i];
      fixture f;
      open_pull(&f, page_size);
      size_t but = slot_size_of(&f, l);
      assert_ok(slm_zone_reserve(f.zone, l->alignment, l->size, l->count));
      assert_int_equal(slots_live(&f), 0);
      size_t live = plunder(&f, but);
      assert_reserved(&f, l, objects);
      /* What comes back is the reserve again. */
      for (size_t round = 0; round < 2; round++) {
        free_all(&f, objects, l->count);
        live += plunder(&f, but);
        assert_reserved(&f, l, objects);
      }
      close_with_live(&f, l->count + live);
    }
  }
}

static void an_ended_reserve_goes(void **state) {
  (void)state;
  static const size_t sizes[] = {64, 10000};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    fixture f;
    slm_reclaimed out = {.struct_size = sizeof out};
    open_pull(&f, 4096);
    size_t slots = (size_t)class_of(&f, sizes[i]).slots_per_page;
    assert_ok(slm_zone_reserve(f.zone, 8, sizes[i], 3 * slots));
    assert_int_equal(class_of(&f, sizes[i]).empty_pages, 3);
    assert_ok(slm_zone_reserve(f.zone, 8, sizes[i], slots + 1)); /* less: one page is free to go */
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &out));
    assert_int_equal(out.base_pages + out.large_pages, 1);
    assert_ok(slm_zone_reserve(f.zone, 8, sizes[i], 2 * slots)); /* what is there will do */
    assert_int_equal(class_of(&f, sizes[i]).empty_pages, 2);
    assert_ok(slm_zone_reserve(f.zone, 8, sizes[i], 0));
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &out));
    assert_int_equal(out.base_pages + out.large_pages, 2);
    assert_ok(slm_zone_reserve(f.zone, 8, sizes[i], 0)); /* there is none */
    assert_int_equal(statistics(&f).base_pages_taken + statistics(&f).large_pages_taken, 3);
    close_fixture(&f);
  }
}

static void a_reserve_that_fails_changes_nothing(void **state) {
  (void)state;
  static void *objects[1000];
  for (size_t size = 64; size <= 10000; size = size == 64 ? 10000 : size * 2) {
    for (size_t fail_at = 1; fail_at <= 4; fail_at++) {
      fixture f;
      open_pull(&f, 4096);
      size_t slots = (size_t)class_of(&f, size).slots_per_page;
      assert_ok(slm_zone_reserve(f.zone, 8, size, slots));
      f.provider.fail_at = f.provider.calls + fail_at;
      assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_reserve(f.zone, 8, size, 6 * slots));
      /* The pages that were taken are in the zone, and empty; the first reserve is as it was. */
      assert_int_equal(class_of(&f, size).empty_pages, fail_at);
      slm_reclaimed out = {.struct_size = sizeof out};
      assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &out));
      assert_int_equal(out.base_pages + out.large_pages, fail_at - 1);
      const layout l = {8, size, slots};
      assert_reserved(&f, &l, objects);
      free_all(&f, objects, slots);
      assert_ok(slm_zone_reserve(f.zone, 8, size, 6 * slots));
      close_fixture(&f);
    }
  }
}

/** Frees nothing but the zone's empty pages, and says that this helped. */
static bool reclaim_all(void *zone, size_t bytes) {
  (void)bytes;
  assert_ok(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL));
  return true;
}

/** A reserve that is too large ends, and what it gathered may leave: at the hard limit and where memory ends, with a
 *  shrinker and without. */
static void a_reserve_above_the_limit_ends(void **state) {
  (void)state;
  enum { MIB = 1 << 20 };
  for (int way = 0; way < 4; way++) {
    bool has_shrinker = way & 1, is_limited = way & 2;
    size_t all = is_limited ? 16 * MIB : 2 * MIB;
    void *memory = aligned_alloc(4096, all);
    slm_region *region = slm_region_init(memory, all, 4096, NULL);
    storage_type storage;
    slm_options options = SUITE_OPTIONS(slm_region_provider(region));
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    slm_shrinker shrinker = {.struct_size = sizeof shrinker, .shrink = reclaim_all, .context = zone};
    if (has_shrinker) assert_ok(slm_zone_add_shrinker(zone, &shrinker));
    if (is_limited) assert_ok(slm_zone_set_limits(zone, 0, MIB));
    size_t available = slm_region_available(region, 4096);
    assert_ok(slm_zone_reserve(zone, 8, 64, 100));
    assert_status(is_limited ? SLM_ERR_LIMIT : SLM_ERR_OUT_OF_MEMORY, slm_zone_reserve(zone, 8, 64, 100000));
    assert_ok(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL));
    for (size_t i = 0; i < 100; i++) { /* the reserve before holds */
      void *out;
      assert_ok(slm_zone_allocate_with(zone, 8, 64, SLM_NOWAIT, &out));
    }
    assert_true(slm_region_available(region, 4096) + 64 >= available);
    assert_ok(slm_zone_destroy(zone, NULL));
    free(memory);
  }
}

static void bad_input_is_refused(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  /* Large objects take runs of their own, and there is nothing to reserve. */
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_reserve(f.zone, 8, SLM_MAX_SIZE + 1, 1));
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_reserve(f.zone, (size_t)1 << 18, 100, 1));
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_reserve(f.zone, SLM_LARGE_PAGE_SIZE, 100, 1));
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_reserve(f.zone, 3, 8, 1));
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_reserve(f.zone, 3, 8, 0));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_reserve(f.zone, 8, 64, SIZE_MAX)); /* no provider has so many */
  assert_int_equal(f.provider.calls, 0);
  void *stray = test_provider_take_stray(&f.provider, 4096);
  f.provider.next_page = (char *)stray + 64;
  assert_status(SLM_ERR_BAD_PAGE, slm_zone_reserve(f.zone, 8, 64, 1));
  test_provider_give_back_stray(&f.provider, stray, 4096);
  assert_int_equal(class_of(&f, 64).pages, 0);
  close_fixture(&f);
  static storage_type zeros;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_reserve((slm_zone *)&zeros, 8, 8, 1));
}

static void without_a_provider(void **state) {
  (void)state;
  fixture f;
  open_push(&f, 4096);
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_reserve(f.zone, 8, 64, 1));
  refill(&f, 8, 64);
#ifndef SUITE_PER_CPU /* whose reserve is in none of the zones that are refilled */
  size_t slots = (size_t)class_of(&f, 64).slots_per_page;
  assert_ok(slm_zone_reserve(f.zone, 8, 64, slots));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_reserve(f.zone, 8, 64, slots + 1));
  assert_null(slm_zone_reclaim_page(f.zone, 4096));
  assert_ok(slm_zone_reserve(f.zone, 8, 64, 0));
#endif
  void *page = slm_zone_reclaim_page(f.zone, 4096);
  assert_non_null(page);
  test_provider_give_back(&f.provider, page, 4096);
  close_fixture(&f);
}

/** The provider calls back while a reserve takes its pages. */
typedef struct within {
  fixture *f;
  slm_status reserve, allocate;
} within;

static void reserve_within(void *context) {
  within *w = context;
  void *object = NULL;
  w->reserve = slm_zone_reserve(w->f->zone, 8, 5000, 1); /* which no base page holds */
  w->allocate = slm_zone_allocate_with(w->f->zone, 8, 64, SLM_NOWAIT, &object);
  if (object != NULL) assert_ok(slm_zone_deallocate(w->f->zone, object));
}

static void a_provider_that_calls_back(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  within w = {.f = &f};
  f.provider.hook_context = &w;
  f.provider.hook_at = 3;
  f.provider.on_allocate = reserve_within;
  size_t slots = (size_t)class_of(&f, 64).slots_per_page;
  assert_ok(slm_zone_reserve(f.zone, 8, 64, 4 * slots));
  assert_status(SLM_ERR_REENTRANT, w.reserve);
  assert_ok(w.allocate); /* out of the pages that are there */
  static void *objects[1000];
  const layout l = {8, 64, 4 * slots};
  plunder(&f, class_of(&f, 64).slot_size);
  assert_reserved(&f, &l, objects);
  still_works(&f);
  close_with_live(&f, (size_t)slots_live(&f));
}

/** Any calls in any order, with a provider that fails as it likes: `count` objects more than the fewest since the
 * reserve
 *  can always be had. */
static void against_a_model(void **state) {
  (void)state;
  enum { KEPT = 3000 };
  static const size_t sizes[] = {16, 64, 500, 2000};
  static void *kept[COUNT_OF(sizes)][KEPT];
  uint64_t random = suite_seed();
  for (size_t round = 0; round < 20; round++) {
    fixture f;
    size_t live[COUNT_OF(sizes)] = {0}, floor[COUNT_OF(sizes)] = {0}, reserved[COUNT_OF(sizes)] = {0};
    open_pull(&f, 4096);
    for (size_t step = 0; step < 8000; step++) {
      size_t i = random_below(&random, COUNT_OF(sizes)), what = random_below(&random, 1000);
      f.provider.dry = random_below(&random, 3) != 0;
      if (what < 4) {
        size_t count = random_below(&random, 400);
        slm_status status = slm_zone_reserve(f.zone, 8, sizes[i], count);
        if (status == SLM_OK) reserved[i] = count, floor[i] = live[i];
        else assert_status(SLM_ERR_OUT_OF_MEMORY, status);
      } else if (what < 8) {
        assert_ok(slm_zone_reclaim(f.zone, random_below(&random, 20), SIZE_MAX, NULL));
      } else if (what < (step / 1000 % 2 == 0 ? 600u : 400u)) {
        if (live[i] == KEPT) continue;
        uint32_t flags = random_below(&random, 2) == 0 ? SLM_NOWAIT : 0;
        void *object;
        slm_status status = slm_zone_allocate_with(f.zone, 8, sizes[i], flags, &object);
        if (status != SLM_OK) {
          assert_status(SLM_ERR_OUT_OF_MEMORY, status);
          assert_true(live[i] >= floor[i] + reserved[i]);
        } else {
          kept[i][live[i]++] = object;
        }
      } else if (live[i] > 0) {
        size_t at = random_below(&random, live[i]);
        assert_ok(slm_zone_deallocate(f.zone, kept[i][at]));
        kept[i][at] = kept[i][--live[i]];
        if (live[i] < floor[i]) floor[i] = live[i];
      }
    }
    close_with_live(&f, live[0] + live[1] + live[2] + live[3]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reserved_slots_are_there),
      cmocka_unit_test(an_ended_reserve_goes),
      cmocka_unit_test(a_reserve_that_fails_changes_nothing),
      cmocka_unit_test(a_reserve_above_the_limit_ends),
      cmocka_unit_test(bad_input_is_refused),
      cmocka_unit_test(without_a_provider),
      cmocka_unit_test(a_provider_that_calls_back),
      cmocka_unit_test(against_a_model),
  };
  return RUN_SUITE("reserve", tests);
}
