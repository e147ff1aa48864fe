/* What is refused, and what becomes of errno. */
#include "../support/process_books.h"

/** More than there is, in several ways; all but the first few are above PTRDIFF_MAX. */
static const size_t too_big[] = {(size_t)1 << 48,
                                 (size_t)1 << 62,
                                 PTRDIFF_MAX - 4096,
                                 PTRDIFF_MAX,
                                 (size_t)PTRDIFF_MAX + 1,
                                 (size_t)PTRDIFF_MAX + 4096,
                                 SIZE_MAX - 2 * MIB,
                                 SIZE_MAX - 4096,
                                 SIZE_MAX - 4095,
                                 SIZE_MAX - SLM_MAX_SIZE,
                                 SIZE_MAX - 16,
                                 SIZE_MAX - 15,
                                 SIZE_MAX - 7,
                                 SIZE_MAX - 1,
                                 SIZE_MAX};

static void sizes_that_are_refused(void **state) {
  (void)state;
  char *small = slm_malloc(100), *large = slm_malloc(MIB);
  assert_true(small != NULL && large != NULL);
  pattern_fill(small, 100, 1);
  pattern_fill(large, MIB, 2);
  slm_process_usage before = process_statistics();
  for (size_t i = 0; i < COUNT_OF(too_big); i++) {
    assert_refused(ENOMEM, slm_malloc(too_big[i]));
    assert_refused(ENOMEM, slm_calloc(too_big[i], 1));
    assert_refused(ENOMEM, slm_calloc(1, too_big[i]));
    assert_refused(ENOMEM, slm_realloc(NULL, too_big[i]));
    assert_refused(ENOMEM, slm_realloc(small, too_big[i]));
    assert_refused(ENOMEM, slm_realloc(large, too_big[i]));
    for (size_t alignment = 1; alignment <= 8 * MIB; alignment *= 8)
      assert_refused(ENOMEM, slm_aligned_alloc(alignment, too_big[i]));
  }
  slm_process_usage after = check_process_books();
  assert_int_equal(after.bytes_slabs, before.bytes_slabs);
  assert_int_equal(after.bytes_large, before.bytes_large);
  assert_true(pattern_holds(small, 100, 1) && pattern_holds(large, MIB, 2));
  slm_free_sized(small, 100);
  slm_free_sized(large, MIB);
}

static void products_that_overflow(void **state) {
  (void)state;
  const size_t half = (size_t)1 << 32;
  const size_t factors[][2] = {
      {SIZE_MAX, 2},           {2, SIZE_MAX},         {SIZE_MAX, SIZE_MAX},  {SIZE_MAX / 2 + 1, 2},
      {2, SIZE_MAX / 2 + 1},   {half, half},          {half + 1, half - 1},  {SIZE_MAX / 16 + 1, 16},
      {16, SIZE_MAX / 16 + 1}, {SIZE_MAX / 3 + 1, 3}, {half, half + 100},    {3, SIZE_MAX / 3 + 2},
      {PTRDIFF_MAX, 2},        {PTRDIFF_MAX / 2, 3},  {half * 64, half / 2},
  };
  for (size_t i = 0; i < COUNT_OF(factors); i++) assert_refused(ENOMEM, slm_calloc(factors[i][0], factors[i][1]));
}

static void alignments_that_are_refused(void **state) {
  (void)state;
  static const size_t wrong[] = {0, 3, 5, 6, 7, 12, 24, 48, 100, 4095, 4097, 3 * MIB, SIZE_MAX, SIZE_MAX / 2};
  static const size_t sizes[] = {0, 1, 100, 4096, SLM_MAX_SIZE, MIB};
  for (size_t i = 0; i < COUNT_OF(wrong); i++)
    for (size_t j = 0; j < COUNT_OF(sizes); j++) assert_refused(EINVAL, slm_aligned_alloc(wrong[i], sizes[j]));
  /* A power of two, but more than there is. */
  for (size_t alignment = (size_t)1 << 48; alignment != 0; alignment *= 2)
    for (size_t j = 0; j < COUNT_OF(sizes); j++) assert_refused(ENOMEM, slm_aligned_alloc(alignment, sizes[j]));
}

static void errno_is_kept_by_what_succeeds(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  void *object;
  for (int round = 0; round < 3; round++) {
    if (round == 1) retain_everything();
    if (round == 2) set_process_options(0, 0); /* all that is freed goes back at once */
    for (size_t i = 0; i < count; i++) {
      assert_errno_kept(object = slm_malloc(sizes[i]));
      assert_non_null(object);
      assert_errno_kept(object = slm_realloc(object, sizes[i] / 4 * 3 + 1));
      assert_errno_kept(object = slm_realloc(object, sizes[count - 1 - i] + 1));
      assert_errno_kept(slm_usable_size(object));
      assert_errno_kept(slm_good_size(sizes[i]));
      assert_errno_kept(slm_free(object));
      assert_errno_kept(object = slm_calloc(sizes[i], 1));
      assert_errno_kept(slm_free_sized(object, sizes[i]));
      assert_errno_kept(object = slm_aligned_alloc(256, sizes[i]));
      assert_errno_kept(slm_free_aligned_sized(object, 256, sizes[i]));
      assert_errno_kept(object = slm_malloc(sizes[i]));
      assert_errno_kept(assert_null(slm_realloc(object, 0)));
    }
    assert_errno_kept(slm_free(NULL));
    assert_errno_kept(slm_usable_size(NULL));
    assert_errno_kept(slm_good_size(SIZE_MAX));
    assert_errno_kept(check_process_books());
    assert_errno_kept(slm_process_purge());
  }
}

static void errno_is_kept_by_the_other_calls(void **state) {
  (void)state;
  slm_heap *heap;
  void *object;
  assert_errno_kept(heap = slm_heap_create(NULL, NULL));
  assert_non_null(heap);
  assert_errno_kept(object = slm_heap_allocate(heap, 100));
  assert_errno_kept(slm_heap_deallocate(heap, object));
  assert_errno_kept(slm_heap_deallocate(heap, object)); /* refused by status */
  assert_errno_kept(object = slm_heap_allocate_zeroed(heap, MIB));
  assert_errno_kept(slm_free(object));
  assert_errno_kept(object = slm_heap_allocate_aligned(heap, 4096, 10));
  assert_errno_kept(slm_heap_destroy(heap, NULL));
  assert_errno_kept(slm_process_configure(NULL, NULL));
  assert_errno_kept(slm_process_configure(NULL, NULL));
  assert_errno_kept(slm_process_statistics(NULL));
  assert_errno_kept(slm_process_class_statistics(0, NULL));
  assert_errno_kept(slm_process_set_misuse_handler((slm_misuse_handler){NULL, NULL}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_that_are_refused),           cmocka_unit_test(products_that_overflow),
      cmocka_unit_test(alignments_that_are_refused),      cmocka_unit_test(errno_is_kept_by_what_succeeds),
      cmocka_unit_test(errno_is_kept_by_the_other_calls),
  };
  return cmocka_run_group_tests_name("slm_malloc errno", tests, NULL, NULL);
}
