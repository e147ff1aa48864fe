/* The zones under test. A suite that takes its options from SUITE_OPTIONS() runs with each kind of zone that suites.mk
 * compiles it for: SUITE_ANY_THREAD and SUITE_PER_CPU choose slm_options.threads, SUITE_HARDENED the profile. */
#ifndef FAMILY_H
#define FAMILY_H

#include "test_provider.h"

#define CPUS 4
#if defined SUITE_ANY_THREAD
#define FAMILY "slm_zone (any thread)"
#define CACHE_FAMILY "slm_cache (any thread)"
#define SUITE_THREADS SLM_ANY_THREAD, 0
#elif defined SUITE_PER_CPU
#define FAMILY "slm_zone (per CPU)"
#define CACHE_FAMILY "slm_cache (per CPU)"
#define SUITE_THREADS SLM_PER_CPU, CPUS
#else
#define FAMILY "slm_zone"
#define CACHE_FAMILY "slm_cache"
#define SUITE_THREADS SLM_ONE_THREAD, 0
#endif

/** Storage for a zone of any kind. */
typedef struct storage_type {
#if defined SUITE_PER_CPU
  SLM_ALIGNAS(64) unsigned char bytes[SLM_ZONE_STORAGE_SIZE + CPUS * SLM_ZONE_CPU_STORAGE_SIZE];
#else
  SLM_ALIGNAS(64) unsigned char bytes[SLM_ZONE_STORAGE_SIZE];
#endif
} storage_type;

/** Storage for a cache of any kind. */
typedef struct cache_storage_type {
#if defined SUITE_PER_CPU
  SLM_ALIGNAS(64) unsigned char bytes[SLM_CACHE_STORAGE_SIZE + CPUS * SLM_CACHE_CPU_STORAGE_SIZE];
#else
  SLM_ALIGNAS(64) unsigned char bytes[SLM_CACHE_STORAGE_SIZE];
#endif
} cache_storage_type;

#ifdef SUITE_HARDENED
/* The end of each slot is a canary, so the largest object is that much smaller. */
#define CANARY sizeof(uintptr_t)
#define PROFILE SLM_HARDENED
#define PROFILE_NAME "hardened "
#undef SLM_MAX_SIZE
#define SLM_MAX_SIZE ((size_t)131072 - CANARY)
#else
#define CANARY ((size_t)0)
#define PROFILE ((uint64_t)0)
#define PROFILE_NAME ""
#endif

/** A bin of a zone that pulls keeps at most so many empty slabs; each CPU has its own. */
#define MOST_EMPTY_OF_ONE ((size_t)128)
#ifdef SUITE_PER_CPU
#define MOST_EMPTY (MOST_EMPTY_OF_ONE * (CPUS + 1))
#else
#define MOST_EMPTY MOST_EMPTY_OF_ONE
#endif

/** The options of a zone of the suite's kind, with a provider. */
#define SUITE_OPTIONS(page_provider)                                                                                   \
  ((slm_options){(uint32_t)sizeof(slm_options), 0, PROFILE, SUITE_THREADS, NULL, 0, 0, (page_provider)})
/** No options but those that make the zone one of the suite's kind of threads. */
#if defined SUITE_ANY_THREAD || defined SUITE_PER_CPU
#define SUITE_NO_OPTIONS                                                                                               \
  (&(slm_options){(uint32_t)sizeof(slm_options), 0, 0, SUITE_THREADS, NULL, 0, 0, SLM_NO_PROVIDER})
#else
#define SUITE_NO_OPTIONS NULL
#endif

/** The largest size that a zone serves with the test provider, which gives no runs: such an object takes a large page.
 * */
#define LARGEST (SLM_LARGE_PAGE_SIZE - CANARY)
/** The largest size on base pages of 4 KiB, of which each holds one. */
#define ONE_PER_PAGE (2048 - CANARY)

#define RUN_SUITE(name, tests) cmocka_run_group_tests_name(PROFILE_NAME FAMILY " " name, tests, NULL, NULL)

/** A zone and the provider its pages come from and go to. */
typedef struct fixture {
  test_provider provider;
  storage_type storage;
  slm_zone *zone;
} fixture;

/** A zone that takes its pages from the test provider. */
static inline void open_pull(fixture *f, size_t base_page_size) {
  test_provider_open(&f->provider, base_page_size);
  slm_options options = SUITE_OPTIONS(test_provider_both(&f->provider));
  f->zone = slm_zone_init(&f->storage, sizeof f->storage, &options, NULL);
  assert_ptr_equal(f->zone, &f->storage);
}

/** A zone that must be refilled; its pages go back to the test provider. */
static inline void open_push(fixture *f, size_t base_page_size) {
  test_provider_open(&f->provider, base_page_size);
  slm_options options = SUITE_OPTIONS(test_provider_release_only(&f->provider));
  f->zone = slm_zone_init(&f->storage, sizeof f->storage, &options, NULL);
  assert_ptr_equal(f->zone, &f->storage);
}

/** Hands a page of the test provider to the class of a layout; returns it. */
static inline void *refill(fixture *f, size_t alignment, size_t size) {
  size_t page_size = slm_zone_page_size(f->zone, alignment, size);
  assert_int_not_equal(page_size, 0);
  void *page = test_provider_take(&f->provider, page_size);
  assert_non_null(page);
  assert_ok(slm_zone_refill(f->zone, alignment, size, page, page_size));
  return page;
}

static inline slm_statistics statistics(fixture *f) {
  slm_statistics out = {.struct_size = sizeof out};
  assert_ok(slm_zone_statistics(f->zone, &out));
  return out;
}

static inline slm_class_statistics class_statistics(fixture *f, size_t index) {
  slm_class_statistics out = {.struct_size = sizeof out};
  assert_ok(slm_zone_class_statistics(f->zone, index, &out));
  return out;
}

/** The class that serves plain allocations of a size. */
static inline slm_class_statistics class_of(fixture *f, size_t size) {
  uint32_t count = statistics(f).class_count;
  for (uint32_t i = 0; i < count; i++) {
    slm_class_statistics class = class_statistics(f, i);
    if (class.slot_size - CANARY >= size) return class;
  }
  fail_msg("no class of %zu bytes", size);
  return (slm_class_statistics){0};
}

static inline uint64_t slots_live(fixture *f) { return statistics(f).slots_live; }

/** The equations of the header hold, and the zone's ledger is the provider's. It gives single pages: a class has slabs
 * of one page, and each large object a large page. */
static inline void check_books(fixture *f) {
  slm_statistics all = statistics(f);
  uint64_t pages = 0, live = 0, bytes = 0;
  for (uint32_t i = 0; i < all.class_count; i++) {
    slm_class_statistics class = class_statistics(f, i);
    assert_true(class.empty_pages <= class.pages);
    assert_true(class.slots_live <= (class.pages - class.empty_pages) * class.slots_per_page);
    assert_true(class.slots_live >= class.pages - class.empty_pages);
    pages += class.pages;
    live += class.slots_live;
    bytes += class.slots_live * class.slot_size;
  }
  assert_int_equal(all.slots_live, live + all.objects_large);
  assert_int_equal(all.bytes_live, bytes + all.bytes_large);
  assert_int_equal(all.bytes_large, all.objects_large * SLM_LARGE_PAGE_SIZE);
  assert_int_equal(
      all.base_pages_taken - all.base_pages_given_back + all.large_pages_taken - all.large_pages_given_back,
      pages + all.objects_large + all.bytes_free_runs / SLM_LARGE_PAGE_SIZE + all.table_pages + all.pages_lent);
  const test_provider *p = &f->provider;
  assert_int_equal(all.base_pages_taken - all.base_pages_given_back, test_provider_out(p, BASE) - p->strays[BASE]);
  assert_int_equal(all.large_pages_taken - all.large_pages_given_back, test_provider_out(p, LARGE) - p->strays[LARGE]);
}

/** Ends the zone, which has this many live slots; every page has come back. */
static inline void close_with_live(fixture *f, size_t want) {
  size_t live = SIZE_MAX;
  check_books(f);
  assert_ok(slm_zone_destroy(f->zone, &live));
  assert_int_equal(live, want);
  test_provider_close(&f->provider);
}

static inline void close_fixture(fixture *f) { close_with_live(f, 0); }

/** The zone serves base and large pages as if nothing had happened, and its live slots are as many as before. */
static inline void still_works(fixture *f) {
  static const size_t sizes[] = {1, 8, 64, 100, 1024, 2048, 20000, SLM_MAX_SIZE};
  void *objects[COUNT_OF(sizes)][4];
  uint64_t live = slots_live(f);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t j = 0; j < 4; j++) {
      objects[i][j] = slm_zone_allocate(f->zone, sizes[i]);
      assert_non_null(objects[i][j]);
      pattern_fill(objects[i][j], sizes[i], i * 4 + j);
    }
  }
  assert_int_equal(slots_live(f), live + 4 * COUNT_OF(sizes));
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t j = 0; j < 4; j++) {
      assert_true(pattern_holds(objects[i][j], sizes[i], i * 4 + j));
      assert_ok(slm_zone_deallocate(f->zone, objects[i][j]));
    }
  }
  assert_int_equal(slots_live(f), live);
  check_books(f);
}

#endif
