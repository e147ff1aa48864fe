/* What can be done with the objects of a heap of one's own: in batches, with their sizes, with new sizes, and counted.
 * */
#include "../support/process_books.h"
#include "../support/process_misuse.h"
#include "../support/process_threads.h"

static slm_heap *create(void) {
  slm_status why = SLM_ERR_DOUBLE_FREE;
  slm_heap *heap = slm_heap_create(NULL, &why);
  assert_non_null(heap);
  assert_ok(why);
  return heap;
}

/** Destroys a heap in which so many objects live. */
static void destroy(slm_heap *heap, size_t expected) {
  size_t live = SIZE_MAX;
  assert_ok(slm_heap_destroy(heap, &live));
  assert_int_equal(live, expected);
}

static slm_heap_usage usage(slm_heap *heap) {
  slm_heap_usage out = {.struct_size = sizeof out};
  assert_ok(slm_heap_statistics(heap, &out));
  assert_true(out.bytes_live <= out.bytes_slabs + out.bytes_large);
  assert_true(out.large_live <= out.objects_live);
  return out;
}

static void options_may_have_a_name_alone(void **state) {
  (void)state;
  slm_status why = SLM_OK;
  slm_options options = {.struct_size = sizeof options, .flags = SLM_HARDENED};
  assert_null(slm_heap_create(&options, &why));
  assert_status(SLM_ERR_INVALID_ARGUMENT, why);
  options.flags = 0;
  options.struct_size = 3;
  assert_null(slm_heap_create(&options, NULL));
  options.struct_size = sizeof options;
  slm_heap *heap = slm_heap_create(&options, NULL);
  assert_non_null(heap);
  destroy(heap, 0);
}

static void allocate_with_says_why_not(void **state) {
  (void)state;
  slm_heap *heap = create();
  void *out = heap;
  errno = 77;
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_heap_allocate_with(heap, 3, 8, 0, &out));
  assert_null(out);
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_heap_allocate_with(heap, 8, (size_t)PTRDIFF_MAX + 1, 0, &out));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_allocate_with(heap, 8, 8, 0x80, &out));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_heap_allocate_with(heap, 8, (size_t)PTRDIFF_MAX, 0, &out));
  assert_int_equal(errno, 77);
  for (size_t alignment = 1; alignment <= 4 * MIB; alignment *= 4) {
    for (size_t size = 1; size < 300000; size = size * 7 + 5) {
      unsigned char *object;
      assert_ok(slm_heap_allocate_with(heap, alignment, size, SLM_ZEROED, &out));
      object = out;
      assert_int_equal((uintptr_t)object % alignment, 0);
      assert_true(bytes_are(object, size, 0));
      memset(object, 0xA5, size);
      assert_ok(slm_heap_deallocate_aligned_sized(heap, object, alignment, size));
    }
  }
  destroy(heap, 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_allocate_with(heap, 8, 8, 0, &out));
}

static void batches(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  static void *objects[COUNT];
  slm_heap *heap = create(), *other = create();
  for (size_t size = 8; size < 200000; size = size * 6 + 1) {
    size_t count = size < 5000 ? COUNT : COUNT / 30, done = 0;
    assert_int_equal(slm_heap_allocate_batch(heap, size, count, objects), count);
    assert_disjoint(objects, count, size);
    assert_int_equal(usage(heap).objects_live, count);
    void *foreign = objects[1] = slm_heap_allocate(other, size), *kept = objects[5];
    objects[3] = NULL;
    objects[5] = (char *)kept + 1;
    assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate_batch(heap, objects, count, &done));
    assert_int_equal(done, count - 3);
    assert_ok(slm_heap_deallocate_batch(heap, &kept, 1, NULL));
    assert_ok(slm_heap_deallocate(other, foreign));
    assert_int_equal(usage(heap).objects_live, 2); /* what NULL and the foreign pointer have replaced */
    destroy(heap, 2);
    heap = create();
  }
  assert_int_equal(slm_heap_allocate_batch(heap, PTRDIFF_MAX, 3, objects), 0);
  destroy(heap, 0);
  destroy(other, 0);
}

static void sizes_are_checked(void **state) {
  (void)state;
  slm_heap *heap = create();
  for (size_t size = 1; size < 2 * MIB; size = size * 5 + 2) {
    char *object = slm_heap_allocate(heap, size);
    assert_non_null(object);
    if (!is_fast()) {
      size_t usable = slm_heap_usable_size(heap, object);
      assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_heap_deallocate_sized(heap, object, usable + 1));
      assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_heap_deallocate_aligned_sized(heap, object, 3, size));
      assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_heap_deallocate_aligned_sized(heap, object, (size_t)1 << 40, size));
    }
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_heap_deallocate_sized(heap, object + 1, size));
    assert_ok(slm_heap_deallocate_sized(heap, object, size));
    assert_ok(slm_heap_deallocate_sized(heap, NULL, size));
  }
  assert_int_equal(misuses.count, 0); /* all of it is told by statuses */
  destroy(heap, 0);
}

static void objects_change_their_size_within_the_heap(void **state) {
  (void)state;
  enum { COUNT = 200 };
  static struct {
    unsigned char *memory;
    size_t size;
  } objects[COUNT];
  slm_heap *heap = create();
  uint64_t random = suite_seed();
  for (size_t step = 0; step < rounds_of(20000, 8000); step++) {
    size_t i = random_below(&random, COUNT), most = random_below(&random, 20) == 0 ? 2 * MIB : 3000;
    size_t size = 1 + random_below(&random, most), old = objects[i].size;
    unsigned char *new = slm_heap_reallocate(heap, objects[i].memory, size);
    assert_non_null(new);
    assert_true(slm_heap_owns(heap, new));
    assert_true(slm_heap_usable_size(heap, new) >= size);
    if (old != 0) assert_true(bytes_are(new, old < size ? old : size, (unsigned char)i));
    memset(new, (int)(unsigned char)i, size);
    objects[i].memory = new;
    objects[i].size = size;
  }
  size_t live = 0;
  for (size_t i = 0; i < COUNT; i++) live += objects[i].memory != NULL;
  assert_int_equal(usage(heap).objects_live, live);
  destroy(heap, live);
  memset(objects, 0, sizeof objects);
  check_process_books();
}

static void alignments_are_kept(void **state) {
  (void)state;
  slm_heap *heap = create();
  for (size_t alignment = 1; alignment <= MIB; alignment *= 4) {
    unsigned char *object = slm_heap_reallocate_aligned(heap, NULL, alignment, 100);
    assert_non_null(object);
    memset(object, 9, 100);
    for (size_t size = 101; size < 3 * MIB; size = size * 3) {
      object = slm_heap_reallocate_aligned(heap, object, alignment, size);
      assert_non_null(object);
      assert_int_equal((uintptr_t)object % alignment, 0);
      assert_true(bytes_are(object, 100, 9));
    }
    object = slm_heap_reallocate_aligned(heap, object, alignment, 100);
    assert_int_equal((uintptr_t)object % alignment, 0);
    assert_true(bytes_are(object, 100, 9));
    assert_ok(slm_heap_deallocate_aligned_sized(heap, object, alignment, 100));
  }
  errno = 0;
  volatile size_t wrong = 6; /* the compiler would warn of a constant */
  assert_null(slm_heap_reallocate_aligned(heap, NULL, wrong, 100));
  assert_int_equal(errno, EINVAL);
  destroy(heap, 0);
}

static void what_is_wrong_is_not_reallocated(void **state) {
  (void)state;
  slm_heap *heap = create(), *other = create();
  char *object = slm_heap_allocate(heap, 100), *of_other = slm_heap_allocate(other, 100), *of_thread = slm_malloc(100);
  void *wrong[] = {of_other, of_thread, object + 1, (void *)16};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    assert_null(slm_heap_reallocate(heap, wrong[i], 5000));
    assert_true(slm_heap_resize(heap, wrong[i], 10) < 0);
    assert_int_equal(slm_heap_usable_size(heap, wrong[i]), 0);
    assert_int_equal(slm_heap_owns(heap, wrong[i]), i == 2);
  }
  assert_int_equal(slm_heap_usable_size(heap, NULL), 0);
  assert_false(slm_heap_owns(heap, NULL));
  assert_null(slm_heap_reallocate(heap, object, PTRDIFF_MAX));
  /* Size 0 is served as 1. */
  object = slm_heap_reallocate(heap, object, 0);
  assert_non_null(object);
  assert_int_equal(slm_heap_usable_size(heap, object), slm_heap_good_size(heap, 0));
  assert_int_equal(misuses.count, 0);
  slm_free(of_thread);
  destroy(heap, 1);
  destroy(other, 1);
  assert_null(slm_heap_reallocate(heap, NULL, 8));
  assert_int_equal(slm_heap_good_size(heap, 8), 0);
}

static void a_resize_moves_nothing(void **state) {
  (void)state;
  slm_heap *heap = create();
  for (size_t size = 1; size < 4 * MIB; size = size * 3 + 1) {
    unsigned char *object = slm_heap_allocate(heap, size);
    size_t usable = slm_heap_usable_size(heap, object);
    assert_int_equal(usable, slm_heap_good_size(heap, size));
    assert_ok(slm_heap_resize(heap, object, usable));
    assert_ok(slm_heap_resize(heap, object, 1));
    assert_int_equal(slm_heap_usable_size(heap, object), usable);
    if (usable <= max_in_slot()) assert_status(SLM_ERR_CANNOT_RESIZE, slm_heap_resize(heap, object, usable + 1));
    assert_status(SLM_ERR_CANNOT_RESIZE, slm_heap_resize(heap, object, PTRDIFF_MAX));
    assert_ok(slm_heap_deallocate_sized(heap, object, size));
  }
  unsigned char *large = slm_heap_allocate(heap, MIB);
  if (slm_heap_resize(heap, large, 2 * MIB) == SLM_OK) { /* the pages behind it were free */
    memset(large, 1, 2 * MIB);
    assert_true(slm_heap_usable_size(heap, large) >= 2 * MIB);
  }
  destroy(heap, 1);
}

typedef struct {
  unsigned char *object;
  size_t size;
} resized;

/** slm_realloc() of a thread that doesn't use the heap. */
static void *resize(void *given) {
  resized *r = given;
  r->object = slm_realloc(r->object, r->size);
  return r->object;
}

/** An object of a heap stays in it, whoever gives it another size, by whichever function. */
static void slm_realloc_leaves_objects_in_their_heap(void **state) {
  (void)state;
  slm_heap *heap = create();
  uint64_t random = suite_seed();
  for (size_t round = 0; round < 30; round++) {
    size_t size = 1 + random_below(&random, 1000);
    resized r = {slm_heap_allocate(heap, size), size};
    memset(r.object, 7, size);
    for (size_t step = 0; step < 8; step++) {
      size_t old = r.size;
      r.size = 1 + random_below(&random, step % 4 == 3 ? 4 * MIB : 2000);
      if (step % 2 == 0) assert_non_null(on_thread(resize, &r));
      else assert_non_null(r.object = slm_realloc(r.object, r.size));
      assert_true(slm_heap_owns(heap, r.object));
      assert_true(slm_usable_size(r.object) >= r.size);
      assert_true(bytes_are(r.object, old < r.size ? old : r.size, 7));
      memset(r.object, 7, r.size);
      if (round % 3 == 0) {
        r.object = slm_heap_reallocate(heap, r.object, r.size + 10);
        assert_non_null(r.object);
        r.size += 10;
        memset(r.object, 7, r.size);
      }
      assert_int_equal(usage(heap).objects_live, (round + 2) / 3 + 1);
    }
    /* A size is right for what slm_realloc() gave. */
    if (round % 3 == 1) slm_free_sized(r.object, r.size);
    if (round % 3 == 2) assert_ok(slm_heap_deallocate_sized(heap, r.object, r.size));
    assert_int_equal(misuses.count, 0);
  }
  destroy(heap, 10);
  check_process_books();
}

static void what_a_heap_holds_is_counted(void **state) {
  (void)state;
  enum { COUNT = 500 };
  static void *objects[COUNT];
  slm_heap *heap = create();
  assert_int_equal(usage(heap).objects_live, 0);
  for (size_t size = 16; size < MIB; size = size * 4 + 3) {
    slm_heap_usage before = usage(heap);
    size_t count = size < 20000 ? COUNT : 20, good = slm_heap_good_size(heap, size);
    for (size_t i = 0; i < count; i++) assert_non_null(objects[i] = slm_heap_allocate(heap, size));
    slm_heap_usage now = usage(heap);
    size_t each = good <= max_in_slot() ? good + canary_size() : good;
    assert_int_equal(now.objects_live - before.objects_live, count);
    assert_int_equal(now.bytes_live - before.bytes_live, count * each);
    assert_int_equal(now.large_live - before.large_live, good <= max_in_slot() ? 0 : count);
    /* Those that another thread frees count as freed, too. */
    load half = {objects, count / 2, size};
    for (size_t i = 0; i < count / 2; i++) pattern_fill(objects[i], size, i);
    assert_null(on_thread(free_load, &half));
    for (size_t i = count / 2; i < count - 1; i++) assert_ok(slm_heap_deallocate(heap, objects[i]));
    assert_int_equal(usage(heap).objects_live - before.objects_live, 1);
    assert_int_equal(usage(heap).bytes_live - before.bytes_live, each);
    assert_ok(slm_heap_deallocate(heap, objects[count - 1]));
    assert_int_equal(usage(heap).objects_live, 0);
    assert_int_equal(usage(heap).bytes_live, 0);
    assert_int_equal(usage(heap).bytes_large, 0);
  }
  slm_heap_usage small = {.struct_size = offsetof(slm_heap_usage, bytes_held) - 1};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_statistics(heap, &small));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_statistics(heap, NULL));
  destroy(heap, 0);
  small.struct_size = sizeof small;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_statistics(heap, &small));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(options_may_have_a_name_alone),
      misuse_test(allocate_with_says_why_not),
      misuse_test(batches),
      misuse_test(sizes_are_checked),
      misuse_test(objects_change_their_size_within_the_heap),
      misuse_test(alignments_are_kept),
      misuse_test(what_is_wrong_is_not_reallocated),
      misuse_test(a_resize_moves_nothing),
      misuse_test(slm_realloc_leaves_objects_in_their_heap),
      misuse_test(what_a_heap_holds_is_counted),
  };
  return cmocka_run_group_tests_name("slm_heap objects", tests, NULL, NULL);
}
