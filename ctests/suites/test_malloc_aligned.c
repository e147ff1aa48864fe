/* Alignments from 1 to 4 MiB with every kind of size, and those beyond. */
#include "../support/process_books.h"

static const size_t sizes[] = {
    0, 1, 8, 24, 100, 1000, 2049, 5000, 40000, 70000, SLM_MAX_SIZE, SLM_MAX_SIZE + 1, MIB + 1, 5 * MIB};

static void check(const void *object, size_t alignment, size_t size) {
  assert_non_null(object);
  assert_aligned(object, alignment);
  assert_aligned(object, 16);
  assert_true(slm_usable_size(object) >= least_usable(size));
}

static void every_alignment(void **state) {
  (void)state;
  enum { EACH = 3 };
  void *objects[COUNT_OF(sizes)][EACH];
  for (size_t alignment = 1; alignment <= 4 * MIB; alignment *= 2) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      for (size_t j = 0; j < EACH; j++) {
        objects[i][j] = slm_aligned_alloc(alignment, sizes[i]);
        check(objects[i][j], alignment, sizes[i]);
        pattern_fill_ends(objects[i][j], slm_usable_size(objects[i][j]), i * EACH + j);
      }
    }
    check_process_books();
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      for (size_t j = 0; j < EACH; j++) {
        assert_true(pattern_ends_hold(objects[i][j], slm_usable_size(objects[i][j]), i * EACH + j));
        if (j == 0) slm_free(objects[i][j]);
        else slm_free_aligned_sized(objects[i][j], alignment, sizes[i]);
      }
    }
  }
  assert_int_equal(check_process_books().large_live, 0);
}

/** A heap that is in use: aligned slots have to be found between others. */
static void among_other_objects(void **state) {
  (void)state;
  enum { OTHERS = 500, ALIGNED = 100 };
  static void *others[OTHERS], *aligned[ALIGNED];
  uint64_t random = suite_seed();
  for (size_t i = 0; i < COUNT_OF(sizes) - 2; i++) {
    for (size_t alignment = 32; alignment <= 65536; alignment *= 4) {
      for (size_t j = 0; j < OTHERS; j++) {
        assert_non_null(others[j] = slm_malloc(sizes[i]));
        pattern_fill_ends(others[j], sizes[i], j);
      }
      for (size_t j = 0; j < OTHERS; j += 1 + random_below(&random, 3)) {
        slm_free(others[j]);
        others[j] = NULL;
      }
      for (size_t j = 0; j < ALIGNED; j++) {
        aligned[j] = slm_aligned_alloc(alignment, sizes[i]);
        check(aligned[j], alignment, sizes[i]);
        pattern_fill_ends(aligned[j], sizes[i], OTHERS + j);
      }
      for (size_t j = 0; j < OTHERS; j++) {
        if (others[j] != NULL) assert_true(pattern_ends_hold(others[j], sizes[i], j));
        slm_free(others[j]);
      }
      for (size_t j = 0; j < ALIGNED; j++) {
        assert_true(pattern_ends_hold(aligned[j], sizes[i], OTHERS + j));
        slm_free_aligned_sized(aligned[j], alignment, sizes[i]);
      }
    }
  }
}

static void an_aligned_object_can_be_reallocated(void **state) {
  (void)state;
  for (size_t alignment = 8; alignment <= 4 * MIB; alignment *= 4) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      for (size_t j = 1; j < COUNT_OF(sizes); j += 2) {
        void *object = slm_aligned_alloc(alignment, sizes[i]);
        check(object, alignment, sizes[i]);
        size_t kept = sizes[i] < sizes[j] ? sizes[i] : sizes[j];
        if (kept > PATTERN_END) kept = PATTERN_END;
        pattern_fill(object, kept, i);
        object = slm_realloc(object, sizes[j]);
        check(object, 16, sizes[j]);
        assert_true(pattern_holds(object, kept, i));
        slm_free_sized(object, sizes[j]);
      }
    }
  }
}

/** Served or refused, but not served wrongly. */
static void alignments_beyond(void **state) {
  (void)state;
  for (size_t alignment = 8 * MIB; alignment <= 1024 * MIB; alignment *= 2) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      errno = 0;
      void *object = slm_aligned_alloc(alignment, sizes[i]);
      if (object == NULL) {
        assert_int_equal(errno, ENOMEM);
        continue;
      }
      check(object, alignment, sizes[i]);
      pattern_fill_ends(object, sizes[i], i);
      assert_true(pattern_ends_hold(object, sizes[i], i));
      check_process_books();
      slm_free_aligned_sized(object, alignment, sizes[i]);
    }
  }
  slm_process_usage now = check_process_books();
  assert_int_equal(now.large_live, 0);
}

/** The room before an aligned object is used by others, and address space that was skipped is not lost. */
static void alignment_does_not_eat_memory(void **state) {
  (void)state;
  slm_process_purge();
  size_t before = resident_mib();
  slm_process_usage start = process_statistics();
  for (size_t i = 0; i < 2000; i++) {
    size_t alignment = (size_t)65536 << i % 7;
    void *object = slm_aligned_alloc(alignment, SLM_MAX_SIZE * 2);
    check(object, alignment, SLM_MAX_SIZE * 2);
    memset(object, 1, SLM_MAX_SIZE * 2);
    slm_free(object);
  }
  slm_process_usage end = check_process_books();
  assert_int_equal(end.bytes_large, start.bytes_large);
  assert_true(end.bytes_taken - end.bytes_given_back <= start.bytes_taken - start.bytes_given_back + 64 * MIB);
  /* What waits to be purged is in the ledger, and may be up to the option retain. */
  assert_true(resident_mib() < before + 64 + end.bytes_retained / MIB);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_alignment),
      cmocka_unit_test(among_other_objects),
      cmocka_unit_test(an_aligned_object_can_be_reallocated),
      cmocka_unit_test(alignments_beyond),
      cmocka_unit_test(alignment_does_not_eat_memory),
  };
  return cmocka_run_group_tests_name("slm_aligned_alloc", tests, NULL, NULL);
}
