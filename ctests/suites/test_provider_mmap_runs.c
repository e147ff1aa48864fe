/* Runs from the mmap provider: out of arenas, and with mappings of their own. */
#include "../support/mmap_provider.h"

#define MIB ((size_t)1 << 20)

static void *take(size_t size, size_t alignment) {
  slm_page_provider provider = slm_mmap_provider();
  return provider.allocate_run(provider.context, size, alignment);
}

static void give(void *run, size_t size) {
  slm_page_provider provider = slm_mmap_provider();
  provider.release_run(provider.context, run, size);
}

static const size_t sizes[] = {BASE_PAGE, 5 * BASE_PAGE, 2 * MIB, 4 * MIB, 4 * MIB + BASE_PAGE, 33 * MIB, 300 * MIB};

static void runs_of_all_sizes(void **state) {
  (void)state;
  size_t before = pages_out();
  static const size_t alignments[] = {BASE_PAGE, 2 * BASE_PAGE, MIB, 4 * MIB, 64 * MIB};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t j = 0; j < COUNT_OF(alignments); j++) {
      void *runs[3];
      for (size_t k = 0; k < 3; k++) {
        assert_non_null(runs[k] = take(sizes[i], alignments[j]));
        assert_aligned(runs[k], alignments[j]);
        pattern_fill_ends(runs[k], sizes[i], k);
      }
      assert_int_equal(pages_out() - before, 3 * sizes[i] / BASE_PAGE);
      for (size_t k = 0; k < 3; k++) {
        assert_true(pattern_ends_hold(runs[k], sizes[i], k));
        give(runs[k], sizes[i]);
      }
      assert_int_equal(pages_out(), before);
    }
  }
}

static void memory_and_address_space_go_back(void **state) {
  (void)state;
  give(take(BASE_PAGE, BASE_PAGE), BASE_PAGE); /* an arena is kept */
  size_t before = address_space();
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *run = take(sizes[i], BASE_PAGE);
    assert_non_null(run);
    size_t used = sizes[i] < 33 * MIB ? sizes[i] : 33 * MIB;
    memset(run, 1, used);
    assert_int_equal(resident(run, used), used);
    if (sizes[i] > BASE_PAGE) { /* a part */
      give(run + sizes[i] - BASE_PAGE, BASE_PAGE);
      assert_int_equal(resident(run + used - 2 * BASE_PAGE, BASE_PAGE), BASE_PAGE);
      assert_int_equal(resident(run + sizes[i] - BASE_PAGE, BASE_PAGE), 0);
      give(run, sizes[i] - BASE_PAGE);
    } else {
      give(run, BASE_PAGE);
    }
    assert_int_equal(resident(run, used), 0);
  }
  assert_true(address_space() <= before + 32 * MIB);
}

/** Behind a long run is a guard. */
static void a_long_run_is_guarded(void **state) {
  (void)state;
  unsigned char *run = take(5 * MIB, BASE_PAGE);
  assert_non_null(run);
  assert_true(is_readable(run) && is_readable(run + 5 * MIB - 1));
  assert_false(is_readable(run + 5 * MIB));
  give(run, 5 * MIB);
  assert_false(is_readable(run));
}

static void bad_requests_are_refused(void **state) {
  (void)state;
  slm_provider_statistics before = ledger();
  static const size_t bad_sizes[] = {0,
                                     1,
                                     4096,
                                     BASE_PAGE - 1,
                                     BASE_PAGE + 1,
                                     SIZE_MAX,
                                     SIZE_MAX - BASE_PAGE + 1,
                                     SIZE_MAX / 2 + 1,
                                     (size_t)1 << 48,
                                     (size_t)1 << 47};
  for (size_t i = 0; i < COUNT_OF(bad_sizes); i++) assert_null(take(bad_sizes[i], BASE_PAGE));
  static const size_t bad_alignments[] = {0, 1, 4096, 3 * BASE_PAGE, SIZE_MAX, SIZE_MAX / 2 + 1, (size_t)1 << 48};
  for (size_t i = 0; i < COUNT_OF(bad_alignments); i++) {
    assert_null(take(BASE_PAGE, bad_alignments[i]));
    assert_null(take(8 * MIB, bad_alignments[i]));
  }
  slm_provider_statistics after = ledger();
  assert_memory_equal(&before, &after, sizeof before);
}

static void what_was_not_taken_is_ignored(void **state) {
  (void)state;
  slm_page_provider provider = slm_mmap_provider();
  static SLM_ALIGNAS(65536) unsigned char own[2 * 65536];
  memset(own, 0x5C, sizeof own);
  unsigned char *small = take(10 * BASE_PAGE, BASE_PAGE), *long_run = take(40 * MIB, BASE_PAGE);
  unsigned char *large = provider.allocate_page(provider.context, SLM_LARGE_PAGE_SIZE);
  assert_true(small != NULL && long_run != NULL && large != NULL);
  memset(small, 1, 10 * BASE_PAGE), memset(large, 2, SLM_LARGE_PAGE_SIZE), memset(long_run, 3, MIB);
  memset(long_run + 39 * MIB, 3, MIB);
  slm_provider_statistics before = ledger();
  const struct {
    unsigned char *start;
    size_t size;
  } bad[] = {
      {own, BASE_PAGE},
      {small, 0},
      {small + 1, BASE_PAGE},
      {small, BASE_PAGE + 1},
      {small, SIZE_MAX - BASE_PAGE + 1},
      {small, 64 * MIB},                                                          /* over the end of its arena */
      {(unsigned char *)((uintptr_t)small / (32 * MIB) * (32 * MIB)), BASE_PAGE}, /* the state */
      {long_run, 40 * MIB + BASE_PAGE},                                           /* longer than the run */
      {long_run + 40 * MIB, BASE_PAGE},                                           /* the guard behind it */
      {long_run - BASE_PAGE, BASE_PAGE},                                          /* the state before it */
      {large, SLM_LARGE_PAGE_SIZE},                                               /* by release_page */
      {(unsigned char *)UINTPTR_MAX - BASE_PAGE + 1, BASE_PAGE},
  };
  for (size_t i = 0; i < COUNT_OF(bad); i++) give(bad[i].start, bad[i].size);
  provider.release_page(provider.context, own, BASE_PAGE);
  provider.release_page(provider.context, large + BASE_PAGE, BASE_PAGE);
  slm_provider_statistics after = ledger();
  assert_memory_equal(&before, &after, sizeof before);
  assert_true(bytes_are(own, sizeof own, 0x5C) && bytes_are(small, 10 * BASE_PAGE, 1));
  assert_true(bytes_are(large, SLM_LARGE_PAGE_SIZE, 2));
  assert_true(bytes_are(long_run, MIB, 3) && bytes_are(long_run + 39 * MIB, MIB, 3));
  give(small, 10 * BASE_PAGE);
  give(small, 10 * BASE_PAGE); /* twice */
  give(long_run, 40 * MIB);
  give(long_run, 40 * MIB); /* its mapping is gone */
  provider.release_page(provider.context, large, SLM_LARGE_PAGE_SIZE);
  after = ledger();
  assert_int_equal(after.base_pages_given_back - before.base_pages_given_back, 10 + 40 * MIB / BASE_PAGE);
  assert_int_equal(after.large_pages_given_back - before.large_pages_given_back, 1);
}

static void *come_and_go(void *argument) {
  uint64_t random = (uint64_t)(uintptr_t)argument;
  uintptr_t faults = 0;
  for (size_t round = 0; round < 200; round++) {
    void *runs[6];
    size_t bytes[6];
    for (size_t i = 0; i < 6; i++) {
      bytes[i] = BASE_PAGE * (1 + random_below(&random, i == 5 ? 200 : 20));
      runs[i] = take(bytes[i], BASE_PAGE << random_below(&random, 4));
      faults += runs[i] == NULL;
      if (runs[i] != NULL) pattern_fill_ends(runs[i], bytes[i], round + i);
    }
    for (size_t i = 0; i < 6; i++) {
      if (runs[i] == NULL) continue;
      faults += !pattern_ends_hold(runs[i], bytes[i], round + i);
      give(runs[i], bytes[i]);
    }
  }
  return (void *)faults;
}

static void threads_share_it(void **state) {
  (void)state;
  share_it(3, come_and_go);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_of_all_sizes),
      cmocka_unit_test(memory_and_address_space_go_back),
      cmocka_unit_test(a_long_run_is_guarded),
      cmocka_unit_test(bad_requests_are_refused),
      cmocka_unit_test(what_was_not_taken_is_ignored),
      cmocka_unit_test(threads_share_it),
  };
  return cmocka_run_group_tests_name("runs of the mmap provider", tests, NULL, NULL);
}
