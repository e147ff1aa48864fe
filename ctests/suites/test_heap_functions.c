/* The functions that heaps share with zones: reasons, batches, reallocation within the heap, sizes, ownership,
 * statistics. */
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

static void allocate_with_says_why_not(void **state) {
  (void)state;
  slm_heap *heap = create();
  void *out = heap, **nowhere = NULL;
  size_t live = 0;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t alignment = 1; alignment <= 4 * MIB; alignment *= 16) {
      for (uint32_t flags = 0; flags <= SLM_ZEROED; flags++) {
        assert_errno_kept(assert_ok(slm_heap_allocate_with(heap, alignment, sizes[i], flags, &out)));
        assert_non_null(out);
        assert_aligned(out, alignment);
        assert_true(slm_heap_usable_size(heap, out) >= sizes[i] && slm_heap_owns(heap, out));
        if (flags == SLM_ZEROED) assert_true(bytes_are(out, sizes[i], 0));
        memset(out, 0xFF, slm_heap_usable_size(heap, out));
        if (i % 2 == 0) assert_ok(slm_heap_deallocate_aligned_sized(heap, out, alignment, sizes[i]));
        else live++;
      }
    }
  }
  static const size_t wrong[][2] = {{0, 8}, {3, 8}, {SIZE_MAX, 8}, {16, (size_t)PTRDIFF_MAX + 1}, {16, SIZE_MAX}};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    out = heap;
    assert_errno_kept(
        assert_status(SLM_ERR_INVALID_LAYOUT, slm_heap_allocate_with(heap, wrong[i][0], wrong[i][1], 0, &out)));
    assert_null(out);
  }
  out = heap;
  assert_errno_kept(
      assert_status(SLM_ERR_OUT_OF_MEMORY, slm_heap_allocate_with(heap, 16, (size_t)1 << 48, SLM_ZEROED, &out)));
  assert_null(out);
  for (uint32_t flag = SLM_ZEROED << 1; flag != 0; flag <<= 1)
    assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_allocate_with(heap, 16, 8, flag, &out));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_allocate_with(heap, 16, 8, 0, nowhere));
  assert_int_equal(usage(heap).objects_live, live);
  destroy(heap, live);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_allocate_with(heap, 16, 8, 0, &out));
}

static void sized_frees_check_the_size(void **state) {
  (void)state;
  slm_heap *heap = create();
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *object = slm_heap_allocate(heap, sizes[i]);
    pattern_fill_ends(object, sizes[i], i);
    size_t usable = slm_heap_usable_size(heap, object);
    if (!is_fast()) {
      assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_heap_deallocate_sized(heap, object, usable + 1));
      assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_heap_deallocate_aligned_sized(heap, object, 8, 4 * usable + 8));
    }
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_heap_deallocate_sized(heap, object + 1, sizes[i]));
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate_sized(heap, &usable, sizes[i]));
    assert_true(pattern_ends_hold(object, sizes[i], i));
    assert_ok(slm_heap_deallocate_sized(heap, object, sizes[i]));
    assert_true(is_freed(slm_heap_deallocate_sized(heap, object, sizes[i])));
  }
  assert_ok(slm_heap_deallocate_sized(heap, NULL, 8));
  assert_ok(slm_heap_deallocate_aligned_sized(heap, NULL, 8, 8));
  assert_int_equal(misuses.count, 0); /* statuses, not reports */
  destroy(heap, 0);
}

static void batches(void **state) {
  (void)state;
  enum { COUNT = 1000 };
  static void *objects[COUNT];
  slm_heap *heap = create();
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    size_t count = sizes[i] < 100000 ? COUNT : 20, done = 9;
    assert_int_equal(slm_heap_allocate_batch(heap, sizes[i], count, objects), count);
    for (size_t j = 0; j < count; j++) pattern_fill_ends(objects[j], sizes[i], j);
    assert_disjoint(objects, count, sizes[i] == 0 ? 1 : sizes[i]);
    for (size_t j = 0; j < count; j++) assert_true(pattern_ends_hold(objects[j], sizes[i], j));
    assert_int_equal(usage(heap).objects_live, count);
    void *kept = objects[3];
    objects[3] = (char *)kept + 1; /* one that is refused, and one that is none */
    void *other = objects[5];
    objects[5] = NULL;
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_heap_deallocate_batch(heap, objects, count, &done));
    assert_int_equal(done, count - 2);
    assert_ok(slm_heap_deallocate(heap, kept));
    assert_ok(slm_heap_deallocate(heap, other));
    assert_int_equal(usage(heap).objects_live, 0);
  }
  assert_int_equal(slm_heap_allocate_batch(heap, (size_t)PTRDIFF_MAX + 1, 3, objects), 0);
  assert_int_equal(slm_heap_allocate_batch(heap, 8, 0, objects), 0);
  assert_ok(slm_heap_deallocate_batch(heap, objects, 0, NULL));
  assert_int_equal(misuses.count, 0);
  destroy(heap, 0);
}

static void reallocated_objects_stay_in_the_heap(void **state) {
  (void)state;
  size_t edges[EDGES], count = edge_sizes(edges);
  slm_heap *heap = create();
  for (size_t i = 1; i < count; i++) {
    for (size_t j = 1 + i % 7; j < count; j += 7) {
      size_t kept = edges[i] < edges[j] ? edges[i] : edges[j], alignment = (size_t)1 << (i + j) % 14;
      if (kept > PATTERN_END) kept = PATTERN_END;
      bool aligned = j % 2 == 0, by_name = j % 3 == 0;
      unsigned char *object =
          aligned ? slm_heap_allocate_aligned(heap, alignment, edges[i]) : slm_heap_allocate(heap, edges[i]);
      pattern_fill(object, kept, i);
      object = aligned   ? slm_heap_reallocate_aligned(heap, object, alignment, edges[j])
               : by_name ? slm_heap_reallocate(heap, object, edges[j])
                         : slm_realloc(object, edges[j]); /* which keeps it in its heap, too */
      assert_non_null(object);
      if (aligned) assert_aligned(object, alignment);
      assert_true(slm_heap_owns(heap, object) && slm_heap_usable_size(heap, object) >= edges[j]);
      assert_true(pattern_holds(object, kept, i));
      assert_int_equal(usage(heap).objects_live, 1);
      assert_ok(slm_heap_deallocate_sized(heap, object, edges[j]));
    }
  }
  destroy(heap, 0);
  assert_int_equal(misuses.count, 0);
  check_process_books();
}

static void what_reallocation_refuses(void **state) {
  (void)state;
  slm_heap *heap = create(), *other = create();
  char stranger[64];
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *object = slm_heap_reallocate(heap, NULL, sizes[i]); /* allocates */
    assert_non_null(object);
    unsigned char *freed = slm_heap_reallocate_aligned(heap, NULL, 64, sizes[i]), *of_other;
    assert_aligned(freed, 64);
    assert_ok(slm_heap_deallocate(heap, freed));
    assert_non_null(of_other = slm_heap_allocate(other, sizes[i]));
    pattern_fill_ends(object, sizes[i], i);
    void *const wrong[] = {object + 1, object + 8, freed, of_other, stranger, (void *)16};
    for (size_t j = 0; j < COUNT_OF(wrong); j++) {
      assert_errno_kept(assert_null(slm_heap_reallocate(heap, wrong[j], 3000)));
      assert_errno_kept(assert_null(slm_heap_reallocate_aligned(heap, wrong[j], 32, 3000)));
      slm_status status = slm_heap_resize(heap, wrong[j], 1);
      assert_true(status != SLM_OK && status != SLM_ERR_CANNOT_RESIZE);
      assert_int_equal(slm_heap_usable_size(heap, wrong[j]), 0);
    }
    assert_refused(ENOMEM, slm_heap_reallocate(heap, object, (size_t)1 << 48));
    assert_refused(ENOMEM, slm_heap_reallocate(heap, object, SIZE_MAX));
    volatile size_t three = 3;
    assert_refused(EINVAL, slm_heap_reallocate_aligned(heap, object, three, 100));
    assert_true(pattern_ends_hold(object, sizes[i], i));
    object = slm_heap_reallocate(heap, object, 0); /* is 1, and does not deallocate */
    assert_non_null(object);
    assert_int_equal(usage(heap).objects_live, 1);
    assert_ok(slm_heap_deallocate(heap, object));
    assert_ok(slm_heap_deallocate(other, of_other));
  }
  assert_int_equal(misuses.count, 0);
  destroy(heap, 0);
  destroy(other, 0);
}

static void resize_stays_in_place(void **state) {
  (void)state;
  slm_heap *heap = create();
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *object = slm_heap_allocate(heap, sizes[i]);
    size_t usable = slm_heap_usable_size(heap, object);
    pattern_fill_ends(object, usable, i);
    assert_ok(slm_heap_resize(heap, object, usable));
    assert_status(SLM_ERR_CANNOT_RESIZE, slm_heap_resize(heap, object, (size_t)1 << 48));
    assert_true(pattern_ends_hold(object, usable, i));
    assert_int_equal(slm_heap_usable_size(heap, object), usable);
    assert_ok(slm_heap_deallocate_sized(heap, object, usable)); /* the size of the last resize */
  }
  void *none = NULL;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_resize(heap, none, 8));
  destroy(heap, 0);
}

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
    if (large) assert_int_equal(now.bytes_live, now.bytes_large);
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
      misuse_test(allocate_with_says_why_not),
      misuse_test(sized_frees_check_the_size),
      misuse_test(batches),
      misuse_test(reallocated_objects_stay_in_the_heap),
      misuse_test(what_reallocation_refuses),
      misuse_test(resize_stays_in_place),
      misuse_test(sizes_and_owners),
      misuse_test(statistics_count_remote_frees),
      misuse_test(after_destroy),
  };
  return cmocka_run_group_tests_name("slm_heap functions", tests, NULL, NULL);
}
