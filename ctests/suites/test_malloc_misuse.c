/* Wrong frees of one thread: each is reported once, with what it was, and harms nothing. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"
#include "../support/process_work.h"

static unsigned char *allocate(size_t size, uint64_t id) {
  unsigned char *object = slm_malloc(size);
  assert_non_null(object);
  pattern_fill_ends(object, size, id);
  return object;
}

static void a_double_free_of_each_size(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    unsigned char *kept = allocate(sizes[i], 1), *object = allocate(sizes[i], 2);
    size_t slot = slot_of(object);
    slm_free(object);
    reported_everywhere(SLM_ERR_DOUBLE_FREE, object, slot);
    assert_true(pattern_ends_hold(kept, sizes[i], 1));
    slm_free(kept);
    assert_freed(kept, slot, slm_free(kept));
  }
  assert_int_equal(work(1, 20000), 0);
}

static void a_double_free_at_any_distance(void **state) {
  (void)state;
  enum { COUNT = 1000 };
  static void *objects[COUNT];
  for (size_t size = 16; size < 20000; size *= 5) {
    for (size_t i = 0; i < COUNT; i++) objects[i] = allocate(size, i);
    size_t slot = slot_of(objects[0]);
    for (size_t i = 0; i < COUNT; i++) {
      assert_true(pattern_ends_hold(objects[i], size, i));
      slm_free(objects[i]);
      if (i % 10 != 0) continue;
      assert_freed(objects[i], slot, slm_free(objects[i]));
      assert_freed(objects[i / 2 + i / 3], slot, slm_free(objects[i / 2 + i / 3]));
    }
    for (size_t i = 0; i < 50; i++) { /* none is handed out twice */
      objects[i] = allocate(size, i);
      for (size_t j = 0; j < i; j++) assert_ptr_not_equal(objects[i], objects[j]);
    }
    for (size_t i = 0; i < 50; i++) slm_free(objects[i]);
  }
  assert_int_equal(work(2, 20000), 0);
}

static void pointers_into_objects(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    unsigned char *objects[3];
    for (size_t j = 0; j < 3; j++) objects[j] = allocate(sizes[i], j);
    for (size_t j = 0; j < 3; j++) {
      size_t slot = slot_of(objects[j]), usable = slm_usable_size(objects[j]);
      size_t offsets[] = {1, 8, 15, 16, usable / 2, usable / 2 + 1, usable - 8, usable - 1, 4096, 65536, 2 * MIB};
      for (size_t k = 0; k < COUNT_OF(offsets); k++)
        if (offsets[k] > 0 && offsets[k] < usable)
          reported_everywhere(SLM_ERR_INTERIOR_POINTER, objects[j] + offsets[k], slot);
    }
    for (size_t j = 0; j < 3; j++) {
      assert_true(pattern_ends_hold(objects[j], sizes[i], j));
      slm_free_sized(objects[j], sizes[i]);
    }
    /* Into free memory is wrong too, whatever it is called. */
    size_t before = misuses.count;
    slm_free(objects[1] + 8);
    assert_int_equal(misuses.count, before + 1);
  }
  assert_int_equal(work(3, 20000), 0);
}

static void aligned_objects(void **state) {
  (void)state;
  for (size_t alignment = 32; alignment <= 4 * MIB; alignment *= 8) {
    for (size_t size = 1; size < 3 * MIB; size = size * 9 + 30) {
      size_t slot;
      unsigned char *object = allocate_aligned(alignment, size, &slot);
      pattern_fill_ends(object, size, 3);
      assert_misuse(SLM_ERR_INTERIOR_POINTER, object + 8, slot, slm_free(object + 8));
      assert_true(pattern_ends_hold(object, size, 3));
      slm_free(object);
      assert_freed(object, slot, slm_free(object));
    }
  }
  assert_int_equal(work(4, 20000), 0);
}

/** An object that moved is no longer where it was. */
static void what_reallocation_left(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    unsigned char *object = allocate(sizes[i], i);
    size_t slot = slot_of(object);
    unsigned char *moved = slm_realloc(object, slm_usable_size(object) + MIB);
    assert_non_null(moved);
    if (moved != object) assert_freed(object, slot, slm_free(object));
    slm_free(moved);
    assert_freed(moved, 0, slm_free(moved));
  }
  assert_int_equal(work(5, 20000), 0);
}

/** Slabs that were emptied and went back to the system. */
static void after_a_purge(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  static void *objects[COUNT];
  for (size_t size = 100; size < 200000; size *= 11) {
    size_t count = size > 10000 ? 100 : COUNT;
    for (size_t i = 0; i < count; i++) objects[i] = allocate(size, i);
    size_t slot = slot_of(objects[0]);
    for (size_t i = 0; i < count; i++) slm_free(objects[i]);
    slm_process_purge();
    for (size_t i = 0; i < count; i += 7) {
      assert_freed(objects[i], slot, slm_free(objects[i]));
    }
  }
  assert_int_equal(work(6, 20000), 0);
}

/** Misuse in the middle of work. */
static void work_goes_on(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  char stranger[64];
  for (size_t round = 0; round < 300; round++) {
    size_t size = work_size(&random);
    unsigned char *object = allocate(size, round), *freed = allocate(size, round);
    size_t slot = slot_of(object);
    slm_free(freed);
    assert_freed(freed, slot, slm_free(freed));
    assert_misuse(SLM_ERR_INTERIOR_POINTER, object + 1, slot, slm_free(object + 1));
    assert_misuse(SLM_ERR_FOREIGN_POINTER, stranger, 0, slm_free(stranger));
    if (!is_fast()) /* which would free it */
      assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_sized(object, slm_usable_size(object) + 1));
    size_t count = misuses.count;
    assert_int_equal(work(random, 300), 0);
    assert_int_equal(misuses.count, count);
    assert_true(pattern_ends_hold(object, size, round));
    slm_free_sized(object, size);
  }
}

static size_t misuse_handler_faults;

/** It allocates and frees, which is not promised to work, but does: when a misuse is reported, the heap is whole. */
static void work_in_handler(void *context, const slm_misuse *misuse) {
  static _Thread_local bool is_working;
  record_misuse(context, misuse);
  if (is_working) return; /* of its own work nothing is to be reported */
  is_working = true;
  size_t count = misuses.count;
  misuse_handler_faults += work(count, 200) + (misuses.count != count);
  is_working = false;
}

static void a_handler_that_allocates(void **state) {
  (void)state;
  static const size_t sizes[] = {40, 3000, 60000, 2 * SLM_MAX_SIZE};
  char stranger[64];
  slm_process_set_misuse_handler((slm_misuse_handler){work_in_handler, &misuses});
  for (size_t round = 0; round < 100; round++) {
    size_t size = sizes[round % COUNT_OF(sizes)];
    unsigned char *object = allocate(size, round), *freed = allocate(size, round);
    size_t slot = slot_of(object), usable = slm_usable_size(object);
    slm_free(freed);
    size_t before = misuses.count;
    slm_free(stranger);
    assert_int_equal(misuses.count, before + 1);
    assert_misuse(SLM_ERR_INTERIOR_POINTER, object + 1, slot, slm_free(object + 1));
    assert_misuse(SLM_ERR_INTERIOR_POINTER, object + 1, slot, assert_null(slm_realloc(object + 1, 10)));
    if (!is_fast()) assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_sized(object, usable + 1));
    if (is_hardened() && slot != 0) {
      object[usable] ^= 1;
      assert_misuse(SLM_ERR_OVERFLOW, object, slot, slm_free(object));
      object[usable] ^= 1;
    }
    assert_true(pattern_ends_hold(object, size, round));
    slm_free(object);
    assert_freed(object, slot, slm_free(object));
  }
  assert_int_equal(misuse_handler_faults, 0);
  check_process_books();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(a_double_free_of_each_size),
      misuse_test(a_double_free_at_any_distance),
      misuse_test(pointers_into_objects),
      misuse_test(aligned_objects),
      misuse_test(what_reallocation_left),
      misuse_test(after_a_purge),
      misuse_test(work_goes_on),
      misuse_test(a_handler_that_allocates),
  };
  return cmocka_run_group_tests_name("slm_malloc misuse", tests, NULL, NULL);
}
