/* What each function of a heap of one's own promises, on one thread. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"

static slm_heap *create(void) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_non_null(heap);
  return heap;
}

static void destroy(slm_heap *heap, size_t want) {
  size_t live = SIZE_MAX;
  assert_ok(slm_heap_destroy(heap, &live));
  assert_int_equal(live, want);
}

static void sizes_as_of_slm_malloc(void **state) {
  (void)state;
  enum { EACH = 3 };
  static unsigned char *objects[EDGES][EACH];
  size_t sizes[EDGES], count = edge_sizes(sizes);
  slm_heap *heap = create();
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < count; i++) {
      for (size_t j = 0; j < EACH; j++) {
        unsigned char *object = objects[i][j] = slm_heap_allocate(heap, sizes[i]);
        assert_non_null(object);
        assert_aligned(object, 16);
        assert_int_equal(slm_usable_size(object), slm_good_size(sizes[i]));
        pattern_fill(object, slm_usable_size(object), i * EACH + j);
      }
    }
    check_process_books();
    for (size_t i = 0; i < count; i++) {
      for (size_t j = 0; j < EACH; j++) {
        assert_true(pattern_holds(objects[i][j], slm_usable_size(objects[i][j]), i * EACH + j));
        if (j == 0) slm_free_sized(objects[i][j], sizes[i]);
        else if (j == 1) slm_free(objects[i][j]);
        else assert_ok(slm_heap_deallocate(heap, objects[i][j]));
      }
    }
  }
  destroy(heap, 0);
}

static void zeroed_memory_reads_as_zero(void **state) {
  (void)state;
  void *objects[20];
  size_t sizes[EDGES], count = edge_sizes(sizes);
  slm_heap *heap = create();
  retain_everything();
  for (size_t i = 0; i < count; i++) {
    size_t each = sizes[i] < MIB ? COUNT_OF(objects) : 3;
    for (int round = 0; round < 3; round++) {
      for (size_t j = 0; j < each; j++) {
        assert_non_null(objects[j] = slm_heap_allocate_zeroed(heap, sizes[i]));
        assert_true(bytes_are(objects[j], sizes[i], 0));
        memset(objects[j], 0xFF, slm_usable_size(objects[j]));
      }
      for (size_t j = 0; j < each; j++) assert_ok(slm_heap_deallocate(heap, objects[j]));
    }
  }
  destroy(heap, 0);
}

static void aligned_memory(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 24, 1000, 5000, 70000, SLM_MAX_SIZE, SLM_MAX_SIZE + 1, 2 * MIB};
  slm_heap *heap = create();
  size_t live = 0;
  for (size_t alignment = 1; alignment <= 4 * MIB; alignment *= 2) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      void *object = slm_heap_allocate_aligned(heap, alignment, sizes[i]);
      assert_non_null(object);
      assert_aligned(object, alignment);
      assert_aligned(object, 16);
      assert_true(slm_usable_size(object) >= sizes[i]);
      pattern_fill_ends(object, sizes[i], i);
      assert_true(pattern_ends_hold(object, sizes[i], i));
      if (i % 3 == 0) assert_ok(slm_heap_deallocate(heap, object));
      else if (i % 3 == 1) slm_free_aligned_sized(object, alignment, sizes[i]);
      else live++;
    }
  }
  destroy(heap, live);
}

static void what_is_refused(void **state) {
  (void)state;
  static const size_t too_big[] = {(size_t)1 << 48, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4095, SIZE_MAX};
  static const size_t wrong[] = {0, 3, 24, 4097, SIZE_MAX};
  slm_heap *heap = create();
  for (size_t i = 0; i < COUNT_OF(too_big); i++) {
    assert_refused(ENOMEM, slm_heap_allocate(heap, too_big[i]));
    assert_refused(ENOMEM, slm_heap_allocate_zeroed(heap, too_big[i]));
    assert_refused(ENOMEM, slm_heap_allocate_aligned(heap, 64, too_big[i]));
    assert_refused(ENOMEM, slm_heap_allocate_aligned(heap, MIB, too_big[i]));
  }
  for (size_t i = 0; i < COUNT_OF(wrong); i++) assert_refused(EINVAL, slm_heap_allocate_aligned(heap, wrong[i], 100));
  destroy(heap, 0);
}

static void wrong_frees_get_a_status_and_change_nothing(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 40, 700, 5000, SLM_MAX_SIZE, SLM_MAX_SIZE + 1, 3 * MIB};
  slm_heap *heap = create(), *other = create();
  char stranger[64];
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *object = slm_heap_allocate(heap, sizes[i]), *of_other = slm_heap_allocate(other, sizes[i]);
    unsigned char *of_thread = slm_malloc(sizes[i]), *freed = slm_heap_allocate(heap, sizes[i]);
    pattern_fill_ends(object, sizes[i], 1);
    pattern_fill_ends(of_other, sizes[i], 2);
    pattern_fill_ends(of_thread, sizes[i], 3);
    assert_ok(slm_heap_deallocate(heap, freed));
    slm_status again = slm_heap_deallocate(heap, freed); /* of a large object all memory has gone back */
    assert_true(sizes[i] <= max_in_slot() ? again == SLM_ERR_DOUBLE_FREE : is_freed(again));
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(heap, of_other));
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(other, object));
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(heap, of_thread));
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(heap, stranger));
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(heap, (void *)16));
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(heap, (void *)UINTPTR_MAX));
    size_t usable = slm_usable_size(object), slot = slot_of(object);
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_heap_deallocate(heap, object + 1));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_heap_deallocate(heap, object + 8));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_heap_deallocate(heap, object + usable / 2));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_heap_deallocate(heap, object + usable - 1));
    assert_int_equal(misuses.count, 0); /* a status, not a report */
    assert_true(pattern_ends_hold(object, sizes[i], 1));
    assert_true(pattern_ends_hold(of_other, sizes[i], 2));
    assert_true(pattern_ends_hold(of_thread, sizes[i], 3));
    assert_ok(slm_heap_deallocate(heap, object));
    assert_true(is_freed(slm_heap_deallocate(heap, object)));
    assert_freed(object, slot, slm_free(object));
    slm_free(of_other);
    assert_true(is_freed(slm_heap_deallocate(other, of_other)));
    slm_free(of_thread);
    misuses.count = 0;
  }
  assert_ok(slm_heap_deallocate(heap, NULL));
  destroy(heap, 0);
  destroy(other, 0);
}

static void reallocation_takes_its_objects(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  slm_heap *heap = create();
  for (size_t i = 1; i < count; i++) {
    for (size_t j = 1 + i % 5; j < count; j += 5) {
      unsigned char *object = slm_heap_allocate(heap, sizes[i]);
      size_t kept = sizes[i] < sizes[j] ? sizes[i] : sizes[j];
      if (kept > PATTERN_END) kept = PATTERN_END;
      pattern_fill(object, kept, i);
      object = slm_realloc(object, sizes[j]);
      assert_non_null(object);
      assert_true(slm_usable_size(object) >= sizes[j] && pattern_holds(object, kept, i));
      slm_free_sized(object, sizes[j]);
    }
  }
  assert_null(slm_realloc(slm_heap_allocate(heap, 100), 0));
  assert_null(slm_realloc(slm_heap_allocate(heap, MIB), 0));
  destroy(heap, 0);
  assert_int_equal(misuses.count, 0);
  check_process_books();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(sizes_as_of_slm_malloc),
      misuse_test(zeroed_memory_reads_as_zero),
      misuse_test(aligned_memory),
      misuse_test(what_is_refused),
      misuse_test(wrong_frees_get_a_status_and_change_nothing),
      misuse_test(reallocation_takes_its_objects),
  };
  return cmocka_run_group_tests_name("slm_heap contract", tests, NULL, NULL);
}
