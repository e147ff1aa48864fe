/* The region provider: base and large pages carved out of any buffer, and nothing outside of it. */
#define BLOCKS ((size_t)5)
#include "../support/region_memory.h"

#include <pthread.h>

#define GUARD 0x5C
#define MAX_PAGES 8192

/** The memory is larger than any test's buffer, and filled with GUARD. */
#define MEMORY_SIZE (BLOCKS * LARGE_PAGE)

/** Takes every page there is, writes each wholly, gives all back; returns how many. */
static size_t exhaust(slm_region *region, const unsigned char *buffer, size_t size, size_t page_size) {
  static void *pages[MAX_PAGES];
  slm_page_provider provider = slm_region_provider(region);
  size_t available = slm_region_available(region, page_size), count = 0;
  for (unsigned char *page; (page = provider.allocate_page(provider.context, page_size)) != NULL; count++) {
    assert_true(count < available);
    assert_aligned(page, page_size);
    assert_true(page >= buffer && page + page_size <= buffer + size);
    memset(page, (int)count, page_size);
    pages[count] = page;
    assert_int_equal(slm_region_available(region, page_size), available - count - 1);
  }
  assert_int_equal(count, available);
  assert_disjoint(pages, count, page_size);
  for (size_t i = 0; i < count; i++) {
    assert_true(bytes_are(pages[i], page_size, (unsigned char)i));
    provider.release_page(provider.context, pages[i], page_size);
    assert_int_equal(slm_region_available(region, page_size), i + 1);
  }
  return count;
}

static void odd_buffers_are_carved_within_their_bounds(void **state) {
  (void)state;
  static const size_t offsets[] = {0, 1, 7, 64, 4095, 4096, 65535};
  static const size_t sizes[] = {70001, 200000, 1048577, SLM_LARGE_PAGE_SIZE, 2 * SLM_LARGE_PAGE_SIZE + 12345};
  for (size_t page_size = 4096; page_size <= 65536; page_size *= 4) {
    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
      for (size_t j = 0; j < COUNT_OF(sizes); j++) {
        unsigned char *buffer = memory + 65536 + offsets[i];
        size_t size = sizes[j];
        memset(memory, GUARD, MEMORY_SIZE);
        slm_region *region = slm_region_init(buffer, size, page_size, NULL);
        if (region == NULL) { /* only a buffer that ends before two page boundaries may be too small */
          assert_true(size < 3 * page_size);
          continue;
        }
        size_t pages = exhaust(region, buffer, size, page_size);
        /* All but the partial pages at both ends and the state, which is smaller than a page. */
        assert_true(pages + 3 >= size / page_size && pages >= 1 && pages <= size / page_size);
        assert_int_equal(exhaust(region, buffer, size, page_size), pages);
        slm_provider_statistics now = ledger(region);
        assert_int_equal(now.base_pages_taken, 2 * pages);
        assert_int_equal(now.base_pages_given_back, 2 * pages);
        assert_int_equal(now.large_pages_taken, 0);
        assert_true(bytes_are(memory, (size_t)(buffer - memory), GUARD));
        assert_true(bytes_are(buffer + size, (size_t)(memory + MEMORY_SIZE - buffer) - size, GUARD));
      }
    }
  }
}

static void smallest_buffer_holds_one_page(void **state) {
  (void)state;
  for (size_t page_size = 4096; page_size <= 65536; page_size *= 4) {
    size_t size = 0;
    slm_region *region = NULL;
    memset(memory, GUARD, MEMORY_SIZE);
    while ((region = slm_region_init(memory, size, page_size, NULL)) == NULL) {
      assert_true(bytes_are(memory, 2 * page_size, GUARD)); /* refused, so not written */
      size += 8;
      assert_true(size <= 3 * page_size);
    }
    /* The state takes the first bytes, so the page is the second of the buffer. */
    assert_true(size <= 2 * page_size);
    assert_int_equal(slm_region_available(region, page_size), 1);
    assert_int_equal(exhaust(region, memory, size, page_size), 1);
  }
}

static void large_pages_stay_whole(void **state) {
  (void)state;
  /* The state lies in the first 2 MiB block: four whole blocks are left. */
  slm_region *region = slm_region_init(memory, MEMORY_SIZE, 4096, NULL);
  assert_non_null(region);
  slm_page_provider provider = slm_region_provider(region);
  assert_int_equal(provider.page_size, 4096);
  assert_int_equal(slm_region_available(region, SLM_LARGE_PAGE_SIZE), 4);
  static void *base[MAX_PAGES], *large[4];
  /* As many base pages as the begun block has, and large ones are not touched; one more takes one block. */
  size_t begun = slm_region_available(region, 4096) - 4 * 512, count = 0;
  for (; count < begun; count++) {
    assert_non_null(base[count] = provider.allocate_page(provider.context, 4096));
    assert_int_equal(slm_region_available(region, SLM_LARGE_PAGE_SIZE), 4);
  }
  assert_non_null(base[count++] = provider.allocate_page(provider.context, 4096));
  assert_int_equal(slm_region_available(region, SLM_LARGE_PAGE_SIZE), 3);
  for (size_t i = 0; i < 3; i++) {
    assert_non_null(large[i] = provider.allocate_page(provider.context, SLM_LARGE_PAGE_SIZE));
    assert_aligned(large[i], SLM_LARGE_PAGE_SIZE);
    pattern_fill(large[i], SLM_LARGE_PAGE_SIZE, i);
  }
  assert_null(provider.allocate_page(provider.context, SLM_LARGE_PAGE_SIZE));
  assert_int_equal(slm_region_available(region, 4096), 511);
  for (; (base[count] = provider.allocate_page(provider.context, 4096)) != NULL; count++) memset(base[count], 1, 4096);
  assert_int_equal(count, begun + 512);
  for (size_t i = 0; i < 3; i++) assert_true(pattern_holds(large[i], SLM_LARGE_PAGE_SIZE, i));
  slm_provider_statistics now = ledger(region);
  assert_int_equal(now.large_pages_taken, 3);
  assert_int_equal(now.base_pages_taken, begun + 512);
  /* A block whose base pages all came back is whole again. */
  for (size_t i = 0; i < count; i++) provider.release_page(provider.context, base[i], 4096);
  assert_int_equal(slm_region_available(region, SLM_LARGE_PAGE_SIZE), 1);
  for (size_t i = 0; i < 3; i++) provider.release_page(provider.context, large[i], SLM_LARGE_PAGE_SIZE);
  assert_int_equal(slm_region_available(region, SLM_LARGE_PAGE_SIZE), 4);
  now = ledger(region);
  assert_int_equal(now.large_pages_given_back, 3);
  assert_int_equal(now.base_pages_given_back, begun + 512);
}

static void bad_input_is_refused(void **state) {
  (void)state;
  static const size_t wrong_sizes[] = {0, 1, 2048, 4095, 4097, 8192, 32768, 131072, SLM_LARGE_PAGE_SIZE, SIZE_MAX};
  memset(memory, GUARD, MEMORY_SIZE);
  for (size_t i = 0; i < COUNT_OF(wrong_sizes); i++)
    assert_null(slm_region_init(memory, MEMORY_SIZE, wrong_sizes[i], NULL));
  assert_null(slm_region_init(NULL, MEMORY_SIZE, 4096, NULL));
  assert_null(slm_region_init(memory, 0, 4096, NULL));
  assert_null(slm_region_init(memory, SIZE_MAX, 4096, NULL));
  assert_null(slm_region_init(memory, SIZE_MAX - (uintptr_t)memory + 2, 4096, NULL));
  /* They don't wrap, but no such memory can be. */
  assert_null(slm_region_init(memory, SIZE_MAX - (uintptr_t)memory, 4096, NULL));
  assert_null(slm_region_init((void *)4096, SIZE_MAX - 4096 - 1, 4096, NULL));
  assert_null(slm_region_init((void *)4096, SIZE_MAX / 2, 4096, NULL));
  for (size_t below = 1; below <= 2 * SLM_LARGE_PAGE_SIZE; below *= 2) {
    assert_null(slm_region_init((void *)(UINTPTR_MAX - below), below, 4096, NULL));
    assert_null(slm_region_init((void *)(UINTPTR_MAX - below), below / 2, 4096, NULL));
    assert_null(slm_region_init((void *)(UINTPTR_MAX - below), below - below / 16, 4096, NULL));
  }
  assert_true(bytes_are(memory, MEMORY_SIZE, GUARD));

  slm_region *region = slm_region_init(memory, MEMORY_SIZE, 16384, NULL);
  assert_non_null(region);
  slm_provider_statistics out = {.struct_size = sizeof out - 1};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_region_statistics(region, NULL));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_region_statistics(region, &out));
  assert_int_equal(slm_region_available(region, 4096), 0);
  assert_int_equal(slm_region_available(region, 65536), 0);
  assert_int_equal(slm_region_available(region, 0), 0);
  assert_true(slm_region_available(region, 16384) > 0);

  slm_zone_storage storage;
  slm_options options = *SLM_OPTIONS(slm_region_provider(region));
  options.page_size = 4096; /* not what the provider serves */
  assert_null(slm_zone_init(&storage, sizeof storage, &options, NULL));
}

static void zones_share_a_region(void **state) {
  (void)state;
  slm_region *region = slm_region_init(memory, SLM_LARGE_PAGE_SIZE, 16384, NULL);
  assert_non_null(region);
  slm_options options = *SLM_OPTIONS(slm_region_provider(region));
  size_t available = slm_region_available(region, 16384), count = 0;
  slm_zone_storage storages[2];
  slm_zone *zones[2];
  static void *objects[2][MAX_PAGES];
  size_t counts[2] = {0, 0};
  for (size_t i = 0; i < 2; i++)
    assert_non_null(zones[i] = slm_zone_init(&storages[i], sizeof storages[i], &options, NULL));
  for (void *object; (object = slm_zone_allocate(zones[count % 2], 512)) != NULL; count++) {
    pattern_fill(object, 512, count);
    objects[count % 2][counts[count % 2]++] = object;
  }
  assert_int_equal(slm_region_available(region, 16384), 0);
  assert_true(count >= (available - 2) * (16384 / 512 - 2));
  assert_null(slm_zone_allocate(zones[0], 100000)); /* no whole 2 MiB here */
  for (size_t i = 0; i < count; i++) assert_true(pattern_holds(objects[i % 2][i / 2], 512, i));
  /* What one zone gives back, the other can have. */
  for (size_t i = 0; i < counts[0]; i++) assert_ok(slm_zone_deallocate(zones[0], objects[0][i]));
  assert_ok(slm_zone_reclaim(zones[0], SIZE_MAX, SIZE_MAX, NULL));
  assert_non_null(slm_zone_allocate(zones[1], 512));
  assert_ok(slm_zone_destroy(zones[0], NULL));
  assert_ok(slm_zone_destroy(zones[1], NULL));
  assert_int_equal(slm_region_available(region, 16384), available);
  assert_int_equal(ledger(region).base_pages_taken, ledger(region).base_pages_given_back);
}

static void *churn(void *argument) {
  slm_zone_storage storage;
  slm_options options = *SLM_OPTIONS(slm_region_provider(argument));
  uintptr_t faults = 0;
  for (size_t round = 0; round < 50; round++) {
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    void *objects[64];
    for (size_t i = 0; i < 64; i++) {
      objects[i] = slm_zone_allocate(zone, i * 32);
      if (objects[i] != NULL) pattern_fill(objects[i], i * 32, (uintptr_t)&storage + i);
    }
    for (size_t i = 0; i < 64; i++)
      faults += objects[i] == NULL || !pattern_holds(objects[i], i * 32, (uintptr_t)&storage + i);
    faults += slm_zone_destroy(zone, NULL) != SLM_OK;
  }
  return (void *)faults;
}

static void threads_share_a_region(void **state) {
  (void)state;
  slm_region *region = slm_region_init(memory, MEMORY_SIZE, 4096, NULL);
  assert_non_null(region);
  pthread_t threads[4];
  for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, churn, region), 0);
  for (size_t i = 0; i < 4; i++) {
    void *faults = NULL;
    assert_int_equal(pthread_join(threads[i], &faults), 0);
    assert_null(faults);
  }
  assert_true(ledger(region).base_pages_taken > 0);
  assert_int_equal(ledger(region).base_pages_taken, ledger(region).base_pages_given_back);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(odd_buffers_are_carved_within_their_bounds),
      cmocka_unit_test(smallest_buffer_holds_one_page),
      cmocka_unit_test(large_pages_stay_whole),
      cmocka_unit_test(bad_input_is_refused),
      cmocka_unit_test(zones_share_a_region),
      cmocka_unit_test(threads_share_a_region),
  };
  return cmocka_run_group_tests_name("region provider", tests, map_memory, unmap_memory);
}
