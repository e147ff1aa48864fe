/* Wrong frees that several threads have a part in. */
#include "../support/process_misuse.h"
#include "../support/process_threads.h"
#include "../support/process_work.h"

static const size_t sizes[] = {1, 40, 500, 3000, 40000, SLM_MAX_SIZE, SLM_MAX_SIZE + 1, 2 * MIB};

static void *allocate_one(void *size) { return slm_malloc((size_t)size); }

/** Who frees an object of this thread, first and second. */
enum who { OWNER, OTHER };

static void free_by(enum who who, void *object) {
  if (who == OWNER) slm_free(object);
  else on_thread(free_one, object);
}

static void whoever_frees_first_and_second(void **state) {
  (void)state;
  static const enum who orders[][2] = {{OTHER, OWNER}, {OTHER, OTHER}, {OWNER, OTHER}, {OWNER, OWNER}};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t j = 0; j < COUNT_OF(orders); j++) {
      unsigned char *kept = slm_malloc(sizes[i]), *object = slm_malloc(sizes[i]);
      size_t slot = slot_of(object);
      pattern_fill_ends(kept, sizes[i], i);
      free_by(orders[j][0], object);
      assert_misuse(SLM_ERR_DOUBLE_FREE, object, slot, free_by(orders[j][1], object));
      assert_misuse(SLM_ERR_DOUBLE_FREE, object, slot, free_by(orders[j][1], object));
      reported_everywhere(SLM_ERR_DOUBLE_FREE, object, slot);
      assert_true(pattern_ends_hold(kept, sizes[i], i));
      slm_free_sized(kept, sizes[i]);
      assert_int_equal(work(i, 2000), 0);
    }
  }
}

/** Objects of a thread that has ended. */
static void of_a_thread_that_is_gone(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (int by_thread = 0; by_thread < 2; by_thread++) {
      unsigned char *object = on_thread(allocate_one, (void *)sizes[i]);
      assert_non_null(object);
      size_t slot = slot_of(object);
      if (sizes[i] > 1) reported_everywhere(SLM_ERR_INTERIOR_POINTER, object + 1, slot);
      free_by(by_thread ? OTHER : OWNER, object);
      assert_freed(object, slot, slm_free(object));
      assert_freed(object, slot, on_thread(free_one, object));
    }
  }
  assert_int_equal(work(9, 20000), 0);
}

static void *misuse_of_others(void *argument) {
  unsigned char *object = argument;
  size_t usable = slm_usable_size(object);
  slm_free(object + 1);
  slm_free(object + usable / 2);
  if (!is_fast()) { /* which would free it */
    slm_free_sized(object, usable + 1);
    slm_free_aligned_sized(object, 24, usable);
  }
  return (void *)(uintptr_t)(slm_realloc(object + 8, 10) == NULL && slm_usable_size(object + 8) == 0);
}

static void another_threads_object(void **state) {
  (void)state;
  for (size_t i = 1; i < COUNT_OF(sizes); i++) {
    unsigned char *object = slm_malloc(sizes[i]);
    pattern_fill_ends(object, sizes[i], i);
    size_t before = misuses.count;
    assert_true(on_thread(misuse_of_others, object) != NULL);
    assert_int_equal(misuses.count, before + (is_fast() ? 4 : 6));
    assert_true(pattern_ends_hold(object, sizes[i], i));
    slm_free_sized(object, sizes[i]);
  }
  assert_int_equal(work(10, 20000), 0);
}

/** Many remote frees wait for the owner: each is found when it is freed again, before and after the owner got them. */
static void a_batch_freed_twice(void **state) {
  (void)state;
  enum { COUNT = 2000 };
  static void *objects[COUNT], *again[COUNT];
  for (size_t size = 16; size <= 5000; size = size * 3 + 1) {
    load first = {objects, COUNT, size}, second = {again, COUNT, size};
    allocate_load(&first);
    size_t slot = slot_of(objects[0]);
    assert_null(on_thread(free_load, &first));
    for (size_t i = 0; i < COUNT; i += 3) assert_freed(objects[i], slot, slm_free(objects[i]));
    allocate_load(&second);
    assert_disjoint(again, COUNT, slot);
    assert_null(free_load(&second));
    size_t reports = misuses.count;
    for (size_t i = 0; i < COUNT; i += 3) slm_free(objects[i]);
    assert_int_equal(misuses.count, reports + (COUNT + 2) / 3);
  }
  assert_int_equal(work(11, 20000), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(whoever_frees_first_and_second),
      misuse_test(of_a_thread_that_is_gone),
      misuse_test(another_threads_object),
      misuse_test(a_batch_freed_twice),
  };
  return cmocka_run_group_tests_name("slm_malloc misuse by threads", tests, NULL, NULL);
}
