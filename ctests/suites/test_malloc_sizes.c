/* What an allocation of each size gives: where it lies, how many bytes it has, and that all of them are its own. */
#include "../support/process_books.h"

static void *allocate_checked(size_t size, uint64_t id) {
  unsigned char *object = slm_malloc(size);
  assert_non_null(object);
  assert_aligned(object, 16);
  size_t usable = slm_usable_size(object);
  assert_true(usable >= least_usable(size));
  assert_int_equal(usable, slm_good_size(size));
  pattern_fill(object, usable, id); /* every usable byte is ours */
  return object;
}

static void free_checked(void *object, uint64_t id) {
  assert_true(pattern_holds(object, slm_usable_size(object), id));
  slm_free(object);
}

static void every_small_size(void **state) {
  (void)state;
  enum { SIZES = 2049, EACH = 3 };
  static void *objects[SIZES][EACH];
  for (size_t size = 0; size < SIZES; size++)
    for (size_t i = 0; i < EACH; i++) objects[size][i] = allocate_checked(size, size * EACH + i);
  check_process_books();
  for (size_t size = 0; size < SIZES; size++)
    for (size_t i = 0; i < EACH; i++) free_checked(objects[size][i], size * EACH + i);
  check_process_books();
}

static void both_sides_of_every_class(void **state) {
  (void)state;
  enum { EACH = 5 };
  static void *objects[EDGES][EACH];
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < count; i++)
      for (size_t j = 0; j < EACH; j++) objects[i][j] = allocate_checked(sizes[i], i * EACH + j);
    check_process_books();
    for (size_t i = count; i-- > 0;)
      for (size_t j = 0; j < EACH; j++) free_checked(objects[i][j], i * EACH + j);
  }
  assert_int_equal(check_process_books().large_live, 0);
}

static void the_class_statistics_know_every_class(void **state) {
  (void)state;
  size_t sizes[EDGES], count = class_sizes(sizes);
  assert_int_equal(sizes[count - 1], max_in_slot());
  for (size_t i = 0; i < count; i++) {
    void *object = slm_malloc(sizes[i]);
    assert_non_null(object);
    slm_class_statistics class = process_class_of(sizes[i]);
    assert_true(class.slots_live >= 1 && class.pages >= 1);
    slm_free(object);
  }
}

static void good_size_is_what_is_given(void **state) {
  (void)state;
  size_t last = 0;
  assert_int_equal(slm_good_size(0), is_hardened() ? 0 : slm_good_size(1));
  for (size_t size = 1; size <= max_in_slot(); size++) {
    size_t good = slm_good_size(size);
    size_t slot = good + canary_size(), needed = size + canary_size();
    assert_true(good >= size && good >= last && slot % 16 == 0);
    assert_true(slot <= needed + needed / 4 + 15); /* four classes for each doubling, none below 16 apart */
    if (good != last) assert_int_equal(slm_good_size(good), good); /* it can be asked for, and is given */
    last = good;
  }
  for (size_t size = max_in_slot() + 1; size < 64 * MIB; size += 1 + size / 7)
    assert_int_equal(slm_good_size(size), round_up(size, system_page()));
  assert_int_equal(slm_good_size((size_t)PTRDIFF_MAX + 1), 0);
  assert_int_equal(slm_good_size(SIZE_MAX - 1), 0);
  assert_int_equal(slm_good_size(SIZE_MAX), 0);
}

/** But hardened it has no bytes. */
static void zero_is_served_as_one(void **state) {
  (void)state;
  const size_t usable = is_hardened() ? 0 : slm_good_size(1);
  enum { COUNT = 1000 };
  void *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    switch (i % 5) {
    case 0:
      objects[i] = slm_malloc(0);
      break;
    case 1:
      objects[i] = slm_calloc(0, i);
      break;
    case 2:
      objects[i] = slm_calloc(SIZE_MAX, 0);
      break;
    case 3:
      objects[i] = slm_aligned_alloc(16, 0);
      break;
    default:
      objects[i] = slm_realloc(NULL, 0);
    }
    assert_non_null(objects[i]);
    assert_aligned(objects[i], 16);
    assert_int_equal(slm_usable_size(objects[i]), usable);
  }
  assert_disjoint(objects, COUNT, is_hardened() ? 16 : usable);
  for (size_t i = 0; i < COUNT; i++) slm_free_sized(objects[i], 0);
}

static void null_is_no_object(void **state) {
  (void)state;
  slm_process_usage before = process_statistics();
  slm_free(NULL);
  slm_free_sized(NULL, 0);
  slm_free_sized(NULL, SIZE_MAX);
  slm_free_aligned_sized(NULL, 64, 100);
  slm_free_aligned_sized(NULL, 3, SIZE_MAX);
  assert_int_equal(slm_usable_size(NULL), 0);
  slm_process_usage after = process_statistics();
  assert_memory_equal(&before, &after, sizeof before);
}

static void freed_memory_is_used_again(void **state) {
  (void)state;
  uint64_t before = process_bytes_used();
  for (size_t i = 0; i < 300000; i++) {
    void *object = slm_malloc(i % 3000);
    assert_non_null(object);
    slm_free(object);
  }
  assert_true(process_bytes_used() <= before + slab_of_each_class());
  for (size_t i = 0; i < 1000; i++) {
    void *object = slm_malloc(8 * MIB + i * 4096);
    assert_non_null(object);
    slm_free(object);
  }
  slm_process_usage after = check_process_books();
  assert_int_equal(after.large_live, 0);
  assert_true(after.bytes_taken - after.bytes_given_back < 256 * MIB);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_small_size),
      cmocka_unit_test(both_sides_of_every_class),
      cmocka_unit_test(the_class_statistics_know_every_class),
      cmocka_unit_test(good_size_is_what_is_given),
      cmocka_unit_test(zero_is_served_as_one),
      cmocka_unit_test(null_is_no_object),
      cmocka_unit_test(freed_memory_is_used_again),
  };
  return cmocka_run_group_tests_name("slm_malloc sizes", tests, NULL, NULL);
}
