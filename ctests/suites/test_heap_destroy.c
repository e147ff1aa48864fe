/* A heap frees all it has at once, and is then no heap any more. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"
#include "../support/process_work.h"

static slm_heap *create(void) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_non_null(heap);
  return heap;
}

/** A first heap may cost memory that stays; what follows is measured from there. */
static slm_process_usage start(void) {
  assert_ok(slm_heap_destroy(create(), NULL));
  return check_process_books();
}

static void check_like(const slm_process_usage *start) {
  slm_process_usage now = check_process_books();
  assert_int_equal(now.bytes_slabs + now.bytes_large, start->bytes_slabs + start->bytes_large);
  assert_int_equal(now.large_live, start->large_live);
  assert_int_equal(now.heaps, start->heaps);
}

static void an_empty_heap(void **state) {
  (void)state;
  slm_process_usage before = start();
  slm_heap *heap = create();
  assert_int_equal(process_statistics().heaps, before.heaps + 1);
  size_t live = 1;
  assert_ok(slm_heap_destroy(heap, &live));
  assert_int_equal(live, 0);
  check_like(&before);
}

static void everything_is_freed(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  slm_process_usage before = start();
  for (size_t round = 0; round < 40; round++) {
    slm_heap *heap = create();
    size_t live = SIZE_MAX, want = 0;
    for (size_t i = 0; i < 2000; i++) {
      size_t size = work_size(&random);
      unsigned char *object = slm_heap_allocate(heap, size);
      assert_non_null(object);
      memset(object, 0xEE, size < 4096 ? size : 4096);
      size_t dice = random_below(&random, 3);
      if (dice == 0) assert_ok(slm_heap_deallocate(heap, object));
      else if (dice == 1 && i % 2 == 0) slm_free(object);
      else want++;
    }
    check_process_books();
    assert_ok(slm_heap_destroy(heap, &live));
    assert_int_equal(live, want);
    check_like(&before);
  }
}

static void large_objects_go_with_it(void **state) {
  (void)state;
  slm_process_usage before = start();
  slm_heap *heap = create();
  uint64_t bytes = before.bytes_large;
  void *objects[60];
  for (size_t i = 0; i < COUNT_OF(objects); i++) {
    size_t size = SLM_MAX_SIZE + 1 + i * 77777;
    objects[i] = i % 3 == 0 ? slm_heap_allocate_zeroed(heap, size) : slm_heap_allocate(heap, size);
    assert_non_null(objects[i]);
    pattern_fill_ends(objects[i], size, i);
    bytes += large_bytes(objects[i]);
  }
  slm_process_usage during = check_process_books();
  assert_int_equal(during.large_live, before.large_live + COUNT_OF(objects));
  assert_int_equal(during.bytes_large, bytes);
  for (size_t i = 0; i < COUNT_OF(objects); i += 4) {
    assert_true(pattern_ends_hold(objects[i], SLM_MAX_SIZE + 1 + i * 77777, i));
    if (i % 8 == 0) slm_free(objects[i]);
    else assert_ok(slm_heap_deallocate(heap, objects[i]));
  }
  size_t live = 0;
  assert_ok(slm_heap_destroy(heap, &live));
  assert_int_equal(live, COUNT_OF(objects) - COUNT_OF(objects) / 4);
  check_like(&before);
}

static void other_heaps_are_not_harmed(void **state) {
  (void)state;
  enum { HEAPS = 500, EACH = 20 };
  static slm_heap *heaps[HEAPS];
  static unsigned char *objects[HEAPS][EACH];
  uint64_t random = suite_seed();
  unsigned char *own = slm_malloc(5000);
  pattern_fill(own, 5000, 5);
  slm_process_usage before = start();
  for (size_t i = 0; i < HEAPS; i++) heaps[i] = create();
  assert_int_equal(process_statistics().heaps, before.heaps + HEAPS);
  for (size_t j = 0; j < EACH; j++) {
    for (size_t i = 0; i < HEAPS; i++) { /* in turns, so that their slabs lie side by side */
      assert_non_null(objects[i][j] = slm_heap_allocate(heaps[i], 16 + j * 50));
      pattern_fill(objects[i][j], 16 + j * 50, i * EACH + j);
    }
  }
  check_process_books();
  for (size_t left = HEAPS; left > 0; left--) {
    size_t i = random_below(&random, left), live = 0;
    for (size_t j = 0; j < EACH; j++) assert_true(pattern_holds(objects[i][j], 16 + j * 50, i * EACH + j));
    assert_ok(slm_heap_destroy(heaps[i], &live));
    assert_int_equal(live, EACH);
    heaps[i] = heaps[left - 1];
    memcpy(objects[i], objects[left - 1], sizeof objects[i]);
    for (size_t j = 0; j < EACH; j++) /* the pattern follows the heap to its new place in the list */
      if (i < left - 1) pattern_fill(objects[i][j], 16 + j * 50, i * EACH + j);
  }
  check_like(&before);
  assert_true(pattern_holds(own, 5000, 5));
  slm_free(own);
}

static void what_is_no_heap_is_refused(void **state) {
  (void)state;
  static _Alignas(64) unsigned char zeros[8192], ones[8192];
  memset(ones, 0xFF, sizeof ones);
  slm_heap *heap = create(), *kept = create();
  void *object = slm_heap_allocate(kept, 1000), *of_thread = slm_calloc(1, 8192);
  assert_true(object != NULL && of_thread != NULL);
  assert_ok(slm_heap_destroy(heap, NULL));
  slm_heap *wrong[] = {heap, (slm_heap *)zeros, (slm_heap *)ones, object, of_thread, (slm_heap *)((char *)kept + 16)};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    size_t live = 77;
    assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_destroy(wrong[i], &live));
    assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_destroy(wrong[i], NULL));
  }
  assert_true(bytes_are(zeros, sizeof zeros, 0) && bytes_are(ones, sizeof ones, 0xFF));
  /* A destroyed heap gives and takes nothing. */
  assert_null(slm_heap_allocate(heap, 100));
  assert_null(slm_heap_allocate_zeroed(heap, MIB));
  assert_null(slm_heap_allocate_aligned(heap, 64, 100));
  assert_true(slm_heap_deallocate(heap, object) < 0);
  assert_ok(slm_heap_deallocate(kept, object));
  size_t live = 1;
  assert_ok(slm_heap_destroy(kept, &live));
  assert_int_equal(live, 0);
  slm_free(of_thread);
  assert_int_equal(misuses.count, 0);
}

static void its_objects_are_gone(void **state) {
  (void)state;
  static const size_t sizes[] = {40, 1000, 30000, SLM_MAX_SIZE, MIB};
  slm_heap *heap = create();
  void *objects[COUNT_OF(sizes)];
  for (size_t i = 0; i < COUNT_OF(sizes); i++) assert_non_null(objects[i] = slm_heap_allocate(heap, sizes[i]));
  assert_ok(slm_heap_destroy(heap, NULL));
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    size_t before = misuses.count;
    slm_free(objects[i]);
    assert_int_equal(slm_usable_size(objects[i]), 0);
    assert_null(slm_realloc(objects[i], 10));
    assert_int_equal(misuses.count, before + 3);
  }
  assert_int_equal(work(1, 20000), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(an_empty_heap),
      misuse_test(everything_is_freed),
      misuse_test(large_objects_go_with_it),
      misuse_test(other_heaps_are_not_harmed),
      misuse_test(its_objects_are_gone),
      misuse_test(what_is_no_heap_is_refused),
  };
  return cmocka_run_group_tests_name("slm_heap destroy", tests, NULL, NULL);
}
