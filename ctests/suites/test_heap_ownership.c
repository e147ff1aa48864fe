/* What a heap says of addresses and of itself: sizes, ownership, statistics; and that it says nothing after its end. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"
#include "../support/process_threads.h"

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

static slm_heap_usage usage(slm_heap *heap) {
  slm_heap_usage out = {.struct_size = sizeof out};
  assert_ok(slm_heap_statistics(heap, &out));
  assert_true(out.bytes_live <= out.bytes_slabs + out.bytes_large);
  assert_true(out.large_live <= out.objects_live);
  assert_true((out.large_live == 0) == (out.bytes_large == 0));
  return out;
}

static const size_t sizes[] = {0, 1, 16, 40, 700, 1024, 5000, 100000, SLM_MAX_SIZE, SLM_MAX_SIZE + 1, 3 * MIB};

static void sizes_and_owners(void **state) {
  (void)state;
  slm_heap *heap = create(), *other = create();
  char stranger[64];
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *object = slm_heap_allocate(heap, sizes[i]), *of_thread = slm_malloc(sizes[i]);
    size_t usable = slm_heap_usable_size(heap, object);
    assert_int_equal(usable, slm_heap_good_size(heap, sizes[i]));
    assert_int_equal(usable, slm_good_size(sizes[i]));
    assert_int_equal(usable, slm_usable_size(object));
    assert_true(slm_heap_owns(heap, object) && slm_heap_owns(heap, object + usable - 1));
    assert_false(slm_heap_owns(other, object) || slm_heap_owns(heap, of_thread));
    assert_int_equal(slm_heap_usable_size(other, object), 0);
    assert_int_equal(slm_heap_usable_size(heap, of_thread), 0);
    assert_int_equal(slm_heap_usable_size(heap, object + 1), 0);
    assert_ok(slm_heap_deallocate(heap, object));
    assert_int_equal(slm_heap_usable_size(heap, object), 0);
    slm_free(of_thread);
  }
  static const uintptr_t nowhere[] = {0, 1, 4096, UINTPTR_MAX, UINTPTR_MAX / 2 + 1};
  for (size_t i = 0; i < COUNT_OF(nowhere); i++) {
    assert_false(slm_heap_owns(heap, (void *)nowhere[i]));
    assert_int_equal(slm_heap_usable_size(heap, (void *)nowhere[i]), 0);
  }
  assert_false(slm_heap_owns(heap, stranger));
  assert_int_equal(slm_heap_good_size(heap, (size_t)PTRDIFF_MAX + 1), 0);
  assert_int_equal(slm_heap_good_size(heap, SIZE_MAX), 0);
  assert_int_equal(misuses.count, 0);
  destroy(heap, 0);
  destroy(other, 0);
}

/** What other threads free counts when the heap's statistics are asked for. */
static void statistics_count_remote_frees(void **state) {
  (void)state;
  enum { COUNT = 500 };
  static void *objects[COUNT];
  slm_heap *heap = create();
  slm_heap_usage empty = usage(heap);
  assert_int_equal(empty.objects_live + empty.bytes_live + empty.large_live, 0);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    size_t count = sizes[i] < 100000 ? COUNT : 10;
    bool large = sizes[i] > max_in_slot();
    for (size_t j = 0; j < count; j++) {
      assert_non_null(objects[j] = slm_heap_allocate(heap, sizes[i]));
      pattern_fill(objects[j], sizes[i], j);
    }
    slm_heap_usage now = usage(heap);
    assert_int_equal(now.objects_live, count);
    assert_int_equal(now.large_live, large ? count : 0);
    assert_true(now.bytes_live >= count * sizes[i]);
    if (large) assert_true(now.bytes_live <= now.bytes_large);
    else assert_int_equal(now.bytes_live, count * (slm_good_size(sizes[i]) + canary_size()));
    load l = {objects, count / 2, sizes[i]};
    assert_null(on_thread(free_load, &l));
    assert_int_equal(usage(heap).objects_live, count - count / 2);
    for (size_t j = count / 2; j < count; j++) assert_ok(slm_heap_deallocate(heap, objects[j]));
    now = usage(heap);
    assert_int_equal(now.objects_live + now.bytes_live + now.large_live, 0);
  }
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_statistics(heap, NULL));
  destroy(heap, 0);
  slm_heap_usage out = {.struct_size = sizeof out};
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_statistics(heap, &out));
}

/** What is no heap any more says so, or gives nothing. */
static void after_destroy(void **state) {
  (void)state;
  slm_heap *heap = create();
  void *object = slm_malloc(100), *out = heap;
  size_t done = 9;
  destroy(heap, 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_destroy(heap, NULL));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_deallocate(heap, object));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_deallocate_sized(heap, object, 100));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_deallocate_aligned_sized(heap, object, 8, 100));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_deallocate_batch(heap, &object, 1, &done));
  assert_int_equal(done, 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_resize(heap, object, 8));
  assert_null(slm_heap_allocate(heap, 8));
  assert_null(slm_heap_allocate_zeroed(heap, 8));
  assert_null(slm_heap_allocate_aligned(heap, 8, 8));
  assert_int_equal(slm_heap_allocate_batch(heap, 8, 1, &out), 0);
  assert_null(slm_heap_reallocate(heap, object, 8));
  assert_null(slm_heap_reallocate_aligned(heap, object, 8, 8));
  assert_int_equal(slm_heap_usable_size(heap, object), 0);
  assert_false(slm_heap_owns(heap, object));
  slm_free(object);
  assert_int_equal(misuses.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(sizes_and_owners),
      misuse_test(statistics_count_remote_frees),
      misuse_test(after_destroy),
  };
  return cmocka_run_group_tests_name("slm_heap ownership and statistics", tests, NULL, NULL);
}
