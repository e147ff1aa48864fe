/* Runs of pages from a region: any length, any alignment, whole or in parts, and nothing that was not taken. */
#define BLOCKS ((size_t)9)
#include "../support/region_memory.h"

static void *take(slm_region *region, size_t size, size_t alignment) {
  slm_page_provider provider = slm_region_provider(region);
  return provider.allocate_run(provider.context, size, alignment);
}

static void give(slm_region *region, void *run, size_t size) {
  slm_page_provider provider = slm_region_provider(region);
  provider.release_run(provider.context, run, size);
}

static void both_functions_or_neither(void **state) {
  (void)state;
  slm_region *region = slm_region_init(memory, LARGE_PAGE, 4096, NULL);
  assert_non_null(region);
  slm_zone_storage storage;
  for (size_t which = 0; which < 4; which++) {
    slm_options options = *SLM_OPTIONS(slm_region_provider(region));
    if (which & 1) options.provider.allocate_run = NULL;
    if (which & 2) options.provider.release_run = NULL;
    slm_status why = SLM_ERR_DOUBLE_FREE;
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, &why);
    assert_status(which == 0 || which == 3 ? SLM_OK : SLM_ERR_INVALID_ARGUMENT, why);
    assert_int_equal(zone != NULL, why == SLM_OK);
    if (zone == NULL) continue;
    assert_non_null(slm_zone_allocate(zone, 100));
    assert_ok(slm_zone_destroy(zone, NULL));
  }
}

/** A run is as long as asked for: what is behind it is free. */
static void nothing_is_rounded_up(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    slm_region *region = slm_region_init(memory, 4 * LARGE_PAGE, page_size, NULL);
    size_t free_bytes = fragmentation(region).free_bytes;
    size_t pages = slm_region_available(region, page_size);
    for (size_t size = page_size; size <= 2 * LARGE_PAGE + 3 * page_size; size += 5 * page_size) {
      unsigned char *run = take(region, size, page_size);
      assert_non_null(run);
      assert_aligned(run, page_size);
      assert_true(run >= memory && run + size <= memory + 4 * LARGE_PAGE);
      assert_int_equal(fragmentation(region).free_bytes, free_bytes - size);
      assert_int_equal(slm_region_available(region, page_size), pages - size / page_size);
      pattern_fill_ends(run, size, size);
      give(region, run, size);
      assert_int_equal(fragmentation(region).free_bytes, free_bytes);
    }
    slm_provider_statistics now = ledger(region);
    assert_int_equal(now.base_pages_taken, now.base_pages_given_back);
    assert_int_equal(now.large_pages_taken, 0);
  }
}

/** The figure is what can be taken: a run that is longer by a page is refused. */
static void the_largest_run_can_be_taken(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  EACH_BASE_PAGE_SIZE(page_size) {
    slm_region *region = slm_region_init(memory + 77, 3 * LARGE_PAGE, page_size, NULL);
    assert_ok(slm_region_add(region, memory + 4 * LARGE_PAGE - 65536, 5 * LARGE_PAGE + 65536));
    size_t all = slm_region_available(region, page_size), large = slm_region_available(region, LARGE_PAGE);
    static void *pages[BLOCKS * 512];
    size_t count = 0;
    for (void *page; count < all - 40 && (page = take(region, page_size, page_size)) != NULL;) pages[count++] = page;
    shuffle(pages, count, &random);
    size_t kept = count;
    while (kept > 0) {
      size_t given = 1 + random_below(&random, kept < 300 ? kept : 300);
      while (given-- > 0) give(region, pages[--kept], page_size);
      uint64_t longest = fragmentation(region).largest_free_run;
      assert_null(take(region, longest + page_size, page_size));
      void *run = take(region, longest, page_size);
      assert_non_null(run);
      memset(run, 1, page_size);
      give(region, run, longest);
      assert_int_equal(fragmentation(region).largest_free_run, longest);
    }
    assert_int_equal(slm_region_available(region, page_size), all);
    assert_int_equal(slm_region_available(region, LARGE_PAGE), large);
  }
}

static void every_alignment(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    slm_region *region = slm_region_init(memory, BLOCKS * LARGE_PAGE, page_size, NULL);
    for (size_t alignment = page_size; alignment <= 2 * LARGE_PAGE; alignment *= 2) {
      for (size_t size = page_size; size <= 2 * LARGE_PAGE; size *= 2) {
        void *runs[8];
        size_t count = 0;
        for (void *run; count < 8 && (run = take(region, size - (size > page_size ? page_size : 0), alignment)) != NULL;
             runs[count++] = run) {
          assert_aligned(run, alignment);
          pattern_fill_ends(run, size - (size > page_size ? page_size : 0), count);
        }
        assert_true(count >= 3); /* of 18 MiB, less the state, aligned to 4 MiB */
        for (size_t i = 0; i < count; i++) {
          size_t bytes = size - (size > page_size ? page_size : 0);
          assert_true(pattern_ends_hold(runs[i], bytes, i));
          give(region, runs[i], bytes);
        }
      }
    }
    assert_int_equal(slm_region_available(region, LARGE_PAGE), BLOCKS - 1);
  }
}

/** Aligned to their own size, runs use up all that is aligned; the next one is refused until one comes back. */
static void exhaustion(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    for (size_t size = page_size; size <= LARGE_PAGE; size *= 2) {
      slm_region *region = slm_region_init(memory, BLOCKS * LARGE_PAGE, page_size, NULL);
      static void *runs[BLOCKS * 512];
      size_t count = 0;
      for (void *run; (run = take(region, size, size)) != NULL;) runs[count++] = run;
      assert_true(count >= (BLOCKS - 1) * (LARGE_PAGE / size));
      assert_disjoint(runs, count, size);
      void *one = runs[count / 2];
      give(region, one, size);
      assert_ptr_equal(take(region, size, size), one);
      assert_null(take(region, size, size));
      for (size_t i = 0; i < count; i++) give(region, runs[i], size);
      assert_int_equal(slm_region_available(region, LARGE_PAGE), BLOCKS - 1);
    }
  }
}

static void bad_requests_are_refused(void **state) {
  (void)state;
  slm_region *region = slm_region_init(memory, 3 * LARGE_PAGE, 16384, NULL);
  const size_t free_pages = slm_region_available(region, 16384);
  static const size_t sizes[] = {
      0, 1, 4096, 16383, 16385, 3 * LARGE_PAGE, SIZE_MAX, SIZE_MAX - 16383, SIZE_MAX / 2 + 1};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) assert_null(take(region, sizes[i], 16384));
  static const size_t alignments[] = {0, 1, 4096, 8192, 16384 + 4096, 3 * 16384, SIZE_MAX, SIZE_MAX / 2 + 1};
  for (size_t i = 0; i < COUNT_OF(alignments); i++) assert_null(take(region, 16384, alignments[i]));
  assert_int_equal(slm_region_available(region, 16384), free_pages);
  assert_int_equal(ledger(region).base_pages_taken, 0);
}

static void what_was_not_taken_is_ignored(void **state) {
  (void)state;
  slm_region *region = slm_region_init(memory, 4 * LARGE_PAGE, 4096, NULL);
  assert_ok(slm_region_add(region, memory + 5 * LARGE_PAGE, 3 * LARGE_PAGE));
  slm_page_provider provider = slm_region_provider(region);
  unsigned char *run = take(region, 10 * 4096, 4096);
  unsigned char *large = provider.allocate_page(provider.context, LARGE_PAGE);
  const size_t free_pages = slm_region_available(region, 4096);
  const slm_provider_statistics before = ledger(region);
  const struct {
    unsigned char *start;
    size_t size;
  } bad[] = {
      {run, 0},
      {run + 1, 4096},
      {run, 4095},
      {run, SIZE_MAX - 4095},
      {run, 11 * 4096},                /* longer than the run */
      {run + 10 * 4096, 4096},         /* behind it */
      {memory, 4096},                  /* the state */
      {memory + 4 * LARGE_PAGE, 4096}, /* the hole */
      {run, 6 * LARGE_PAGE},           /* over the hole */
      {memory + 8 * LARGE_PAGE, 4096}, /* behind everything */
      {(unsigned char *)4096, 4096},   /* nowhere */
      {large, LARGE_PAGE},             /* a large page: by release_page */
      {large + 8192, 4096},            /* a part of it */
  };
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    give(region, bad[i].start, bad[i].size);
    assert_int_equal(slm_region_available(region, 4096), free_pages);
  }
  provider.release_page(provider.context, large + 4096, 4096);
  provider.release_page(provider.context, memory + 2 * LARGE_PAGE, LARGE_PAGE);
  assert_int_equal(slm_region_available(region, 4096), free_pages);
  give(region, run, 10 * 4096);
  give(region, run, 10 * 4096); /* twice */
  assert_int_equal(slm_region_available(region, 4096), free_pages + 10);
  provider.release_page(provider.context, large, LARGE_PAGE);
  slm_provider_statistics after = ledger(region);
  assert_int_equal(after.base_pages_given_back, before.base_pages_given_back + 10);
  assert_int_equal(after.large_pages_given_back, 1);
}

static void parts_come_back_by_themselves(void **state) {
  (void)state;
  slm_region *region = slm_region_init(memory, 5 * LARGE_PAGE, 4096, NULL);
  const size_t free_pages = slm_region_available(region, 4096), pages = 1100;
  unsigned char *run = take(region, pages * 4096, 4096);
  assert_non_null(run);
  give(region, run + (pages - 1) * 4096, 4096); /* the end */
  give(region, run + 550 * 4096, 112 * 4096);   /* out of the middle */
  assert_int_equal(slm_region_available(region, 4096), free_pages - pages + 113);
  give(region, run + 450 * 4096, 150 * 4096); /* partly free already: nothing happens */
  assert_int_equal(slm_region_available(region, 4096), free_pages - pages + 113);
  void *between = take(region, 112 * 4096, 4096);
  assert_ptr_equal(between, run + 550 * 4096); /* the tightest place */
  give(region, between, 112 * 4096);
  give(region, run, 550 * 4096);
  give(region, run + 662 * 4096, (pages - 663) * 4096);
  assert_int_equal(slm_region_available(region, 4096), free_pages);
  assert_int_equal(slm_region_available(region, LARGE_PAGE), 4);
}

static slm_free_runs free_runs(slm_region *region) {
  slm_free_runs out = {.struct_size = sizeof out};
  assert_ok(slm_region_free_runs(region, &out));
  return out;
}

static void free_runs_by_length(void **state) {
  (void)state;
  slm_region *region = slm_region_init(memory, 5 * LARGE_PAGE, 4096, NULL);
  unsigned char *all = take(region, fragmentation(region).largest_free_run, 4096);
  assert_non_null(all);
  assert_int_equal(free_runs(region).runs + fragmentation(region).largest_free_run, 0);
  give(region, all + 4096, 4096);
  give(region, all + 3 * 4096, 3 * 4096);
  give(region, all + 8 * 4096, 2 * 4096);
  give(region, memory + 2 * LARGE_PAGE, 2 * LARGE_PAGE);
  assert_ok(slm_region_add(region, memory + 6 * LARGE_PAGE, 65536)); /* another range, another stretch */
  slm_free_runs now = free_runs(region);
  assert_int_equal(now.runs, 5);
  assert_int_equal(now.bytes_by_order[0], 4096);            /* stretches of a page */
  assert_int_equal(now.bytes_by_order[1], 5 * 4096);        /* of two and three */
  assert_int_equal(now.bytes_by_order[10], 2 * LARGE_PAGE); /* of 4 MiB and more */
  uint64_t sum = 0;
  for (size_t i = 0; i < COUNT_OF(now.bytes_by_order); i++) sum += now.bytes_by_order[i];
  assert_int_equal(sum, fragmentation(region).free_bytes);
  assert_int_equal(fragmentation(region).largest_free_run, 2 * LARGE_PAGE);
  slm_free_runs small = {.struct_size = sizeof small - 1, .runs = 77};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_region_free_runs(region, &small));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_region_free_runs(region, NULL));
  assert_int_equal(small.runs, 77);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_functions_or_neither),
      cmocka_unit_test(nothing_is_rounded_up),
      cmocka_unit_test(the_largest_run_can_be_taken),
      cmocka_unit_test(every_alignment),
      cmocka_unit_test(exhaustion),
      cmocka_unit_test(bad_requests_are_refused),
      cmocka_unit_test(what_was_not_taken_is_ignored),
      cmocka_unit_test(parts_come_back_by_themselves),
      cmocka_unit_test(free_runs_by_length),
  };
  return cmocka_run_group_tests_name("runs of a region", tests, map_memory, unmap_memory);
}
