/* Regions of several ranges, as a machine's memory map has them, and how broken they say they are. */
#define BLOCKS 8
#include "../support/region_memory.h"

#include <pthread.h>
#include <stdatomic.h>

#define GUARD 0x5C

/** A range of memory: offset and size. */
typedef struct range {
  size_t at, size;
} range;

static bool is_in(const range *r, const unsigned char *page, size_t page_size) {
  return page >= memory + r->at && page + page_size <= memory + r->at + r->size;
}

static void every_page_lies_in_one_range(void **state) {
  (void)state;
  static const range maps[][3] = {
      {{0, LARGE_PAGE}, {LARGE_PAGE, LARGE_PAGE}, {2 * LARGE_PAGE, LARGE_PAGE}},     /* no holes */
      {{4096, 200000}, {LARGE_PAGE / 2 + 1, 300001}, {LARGE_PAGE - 200000, 400000}}, /* three in one block */
      {{100, LARGE_PAGE}, {2 * LARGE_PAGE - 8, 16 + LARGE_PAGE}, {5 * LARGE_PAGE + 1, 3 * LARGE_PAGE - 1}},
      {{6 * LARGE_PAGE, 2 * LARGE_PAGE}, {3 * LARGE_PAGE, 2 * LARGE_PAGE}, {0, 2 * LARGE_PAGE}}, /* downwards */
  };
  static void *pages[BLOCKS * 512];
  EACH_BASE_PAGE_SIZE(page_size) {
    for (size_t m = 0; m < COUNT_OF(maps); m++) {
      const range *map = maps[m];
      memset(memory, GUARD, BLOCKS * LARGE_PAGE);
      slm_region *region = slm_region_init(memory + map[0].at, map[0].size, page_size, NULL);
      assert_non_null(region);
      for (size_t i = 1; i < 3; i++) {
        size_t before = slm_region_available(region, page_size);
        assert_ok(slm_region_add(region, memory + map[i].at, map[i].size));
        /* All but the state and the partial pages at both ends. */
        assert_true(slm_region_available(region, page_size) - before + 3 >= map[i].size / page_size);
      }
      slm_page_provider provider = slm_region_provider(region);
      size_t available = slm_region_available(region, page_size), count = 0;
      assert_int_equal(fragmentation(region).free_bytes, available * page_size);
      for (unsigned char *page; (page = provider.allocate_page(provider.context, page_size)) != NULL; count++) {
        assert_true(count < available);
        assert_aligned(page, page_size);
        assert_true(is_in(&map[0], page, page_size) || is_in(&map[1], page, page_size) ||
                    is_in(&map[2], page, page_size));
        memset(page, (int)count, page_size);
        pages[count] = page;
      }
      assert_int_equal(count, available);
      assert_disjoint(pages, count, page_size);
      for (size_t i = 0; i < count; i++) assert_true(bytes_are(pages[i], page_size, (unsigned char)i));
      for (size_t at = 0; at < BLOCKS * LARGE_PAGE; at++) { /* the holes are untouched */
        bool inside = false;
        for (size_t i = 0; i < 3; i++) inside |= at >= map[i].at && at < map[i].at + map[i].size;
        if (!inside) assert_int_equal(memory[at], GUARD);
      }
      slm_fragmentation none = fragmentation(region);
      assert_int_equal(none.free_bytes + none.largest_free_run + none.large_pages_free, 0);
      for (size_t i = 0; i < count; i++) provider.release_page(provider.context, pages[i], page_size);
      assert_int_equal(slm_region_available(region, page_size), available);
    }
  }
}

static void bad_ranges_are_refused(void **state) {
  (void)state;
  memset(memory, GUARD, BLOCKS * LARGE_PAGE);
  unsigned char *own = memory + LARGE_PAGE + 100;
  slm_region *region = slm_region_init(own, LARGE_PAGE, 4096, NULL);
  assert_non_null(region);
  size_t available = slm_region_available(region, 4096);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_region_add(region, NULL, LARGE_PAGE));
  for (size_t size = 0; size < 4096; size += 64)
    assert_status(SLM_ERR_INVALID_ARGUMENT, slm_region_add(region, memory, size));
  assert_status(SLM_ERR_BAD_PAGE, slm_region_add(region, memory, SIZE_MAX));
  assert_status(SLM_ERR_BAD_PAGE, slm_region_add(region, memory, SIZE_MAX - (uintptr_t)memory + 1));
  assert_status(SLM_ERR_BAD_PAGE, slm_region_add(region, (void *)(UINTPTR_MAX - 8192), 8192));
  /* By one byte at either end, within, around. */
  assert_status(SLM_ERR_PAGE_OWNED, slm_region_add(region, memory, LARGE_PAGE + 101));
  assert_status(SLM_ERR_PAGE_OWNED, slm_region_add(region, own + LARGE_PAGE - 1, LARGE_PAGE));
  assert_status(SLM_ERR_PAGE_OWNED, slm_region_add(region, own + 8192, 8192));
  assert_status(SLM_ERR_PAGE_OWNED, slm_region_add(region, memory, 3 * LARGE_PAGE));
  assert_true(bytes_are(memory, (size_t)(own - memory), GUARD));
  assert_true(bytes_are(own + LARGE_PAGE, 5 * LARGE_PAGE, GUARD));
  assert_int_equal(slm_region_available(region, 4096), available);
  /* What touches it does not overlap. */
  assert_ok(slm_region_add(region, memory, LARGE_PAGE + 100));
  assert_ok(slm_region_add(region, own + LARGE_PAGE, LARGE_PAGE));
  assert_status(SLM_ERR_PAGE_OWNED, slm_region_add(region, memory, LARGE_PAGE + 100));

  slm_fragmentation out = {.struct_size = sizeof out - 1, .free_bytes = 77};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_region_fragmentation(region, NULL));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_region_fragmentation(region, &out));
  assert_int_equal(out.free_bytes, 77);
}

/** Base pages come from ranges that are broken already: a range of whole blocks stays whole. */
static void whole_blocks_stay_whole(void **state) {
  (void)state;
  slm_region *region = slm_region_init(memory, LARGE_PAGE / 2, 4096, NULL);
  assert_non_null(region);
  size_t broken = slm_region_available(region, 4096);
  assert_ok(slm_region_add(region, memory + LARGE_PAGE - 8192, 5 * LARGE_PAGE + 8192));
  slm_page_provider provider = slm_region_provider(region);
  slm_fragmentation now = fragmentation(region);
  assert_int_equal(now.large_pages_free, 5);
  assert_int_equal(now.largest_free_run, 5 * LARGE_PAGE + 4096); /* with the page behind the state */
  static void *pages[512], *large[5];
  for (size_t i = 0; i < broken + 1; i++) assert_non_null(pages[i] = provider.allocate_page(provider.context, 4096));
  now = fragmentation(region);
  assert_int_equal(now.large_pages_free, 5);
  assert_int_equal(now.free_bytes, 5 * LARGE_PAGE);
  assert_int_equal(now.largest_free_run, 5 * LARGE_PAGE);
  for (size_t i = 0; i < 5; i++) {
    assert_non_null(large[i] = provider.allocate_page(provider.context, LARGE_PAGE));
    assert_int_equal(fragmentation(region).large_pages_free, 4 - i);
  }
  assert_null(provider.allocate_page(provider.context, LARGE_PAGE));
  assert_null(provider.allocate_page(provider.context, 4096));
  /* Ignored: pages of no range, parts of a large page that are free, a large page at a range's ragged end. */
  provider.release_page(provider.context, memory + LARGE_PAGE / 2 + 8192, 4096);
  provider.release_page(provider.context, memory + 6 * LARGE_PAGE, LARGE_PAGE);
  provider.release_page(provider.context, memory, LARGE_PAGE);
  assert_int_equal(fragmentation(region).free_bytes, 0);
  for (size_t i = 0; i < broken + 1; i++) provider.release_page(provider.context, pages[i], 4096);
  for (size_t i = 0; i < 5; i++) provider.release_page(provider.context, large[i], LARGE_PAGE);
  provider.release_page(provider.context, large[0], LARGE_PAGE); /* twice */
  assert_int_equal(fragmentation(region).large_pages_free, 5);
  assert_int_equal(slm_region_available(region, 4096), broken + 1 + 5 * 512);
}

/** Pages come and go while ranges are added and counted. */
typedef struct traffic {
  slm_region *region;
  atomic_bool stop;
  atomic_size_t faults, pages;
} traffic;

static void *come_and_go(void *argument) {
  traffic *t = argument;
  slm_page_provider provider = slm_region_provider(t->region);
  while (!t->stop) {
    void *pages[40];
    for (size_t i = 0; i < 40; i++) {
      pages[i] = provider.allocate_page(provider.context, i == 39 ? LARGE_PAGE : 4096);
      if (pages[i] != NULL) memset(pages[i], (int)i, 4096);
    }
    for (size_t i = 0; i < 40; i++) {
      if (pages[i] == NULL) continue;
      t->pages++;
      t->faults += !bytes_are(pages[i], 4096, (unsigned char)i);
      provider.release_page(provider.context, pages[i], i == 39 ? LARGE_PAGE : 4096);
    }
  }
  return NULL;
}

static void ranges_are_added_while_pages_come_and_go(void **state) {
  (void)state;
  static traffic t;
  memset(&t, 0, sizeof t);
  t.region = slm_region_init(memory, 65536, 4096, NULL);
  assert_non_null(t.region);
  pthread_t threads[3];
  for (size_t i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &t), 0);
  for (size_t at = LARGE_PAGE / 4; at + LARGE_PAGE / 2 <= BLOCKS * LARGE_PAGE; at += LARGE_PAGE / 2 + 4096) {
    size_t before = t.pages;
    while (t.pages < before + 50) (void)fragmentation(t.region);
    assert_ok(slm_region_add(t.region, memory + at, LARGE_PAGE / 2));
  }
  t.stop = true;
  for (size_t i = 0; i < 3; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  assert_int_equal(t.faults, 0);
  slm_fragmentation now = fragmentation(t.region);
  assert_int_equal(now.free_bytes, slm_region_available(t.region, 4096) * 4096);
  slm_provider_statistics ledger = {.struct_size = sizeof ledger};
  assert_ok(slm_region_statistics(t.region, &ledger));
  assert_int_equal(ledger.base_pages_taken, ledger.base_pages_given_back);
  assert_int_equal(ledger.large_pages_taken, ledger.large_pages_given_back);
}

/** Pages in a random order, and the figures against a map of what is free. */
static void figures_against_a_model(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  EACH_BASE_PAGE_SIZE(page_size) {
    enum { UNITS = BLOCKS * 512 };
    static bool is_free[UNITS];
    static void *pages[UNITS];
    const size_t per_block = LARGE_PAGE / page_size, units = BLOCKS * per_block;
    size_t count = 0;
    slm_region *region = slm_region_init(memory, 3 * LARGE_PAGE / 2, page_size, NULL);
    assert_non_null(region);
    assert_ok(slm_region_add(region, memory + 2 * LARGE_PAGE - 65536, BLOCKS * LARGE_PAGE - 2 * LARGE_PAGE + 65536));
    slm_page_provider provider = slm_region_provider(region);
    memset(is_free, 0, sizeof is_free);
    for (void *page; (page = provider.allocate_page(provider.context, page_size)) != NULL;) pages[count++] = page;
    shuffle(pages, count, &random);
    for (size_t i = 0; i < count; i++) {
      provider.release_page(provider.context, pages[i], page_size);
      is_free[((uintptr_t)pages[i] - (uintptr_t)memory) / page_size] = true;
      if (i % (count / 100 + 1) != 0 && i + 1 != count) continue;
      size_t run = 0, longest = 0, whole = 0;
      for (size_t unit = 0; unit < units; unit++) {
        run = is_free[unit] ? run + 1 : 0;
        if (run > longest) longest = run;
        if (unit % per_block == per_block - 1 && run >= per_block) whole++;
      }
      slm_fragmentation now = fragmentation(region);
      assert_int_equal(now.free_bytes, (i + 1) * page_size);
      assert_int_equal(now.largest_free_run, longest * page_size);
      assert_int_equal(now.large_pages_free, whole);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_page_lies_in_one_range), cmocka_unit_test(bad_ranges_are_refused),
      cmocka_unit_test(whole_blocks_stay_whole),      cmocka_unit_test(ranges_are_added_while_pages_come_and_go),
      cmocka_unit_test(figures_against_a_model),
  };
  return cmocka_run_group_tests_name("region ranges", tests, map_memory, unmap_memory);
}
