/* Large objects that grow and shrink: in place or by moving, with their content, and without being there twice. */
#include "../support/process_books.h"

static unsigned char *allocate(size_t size, uint64_t id) {
  unsigned char *object = slm_malloc(size);
  assert_non_null(object);
  pattern_fill(object, size, id);
  return object;
}

static unsigned char *change(unsigned char *object, size_t size) {
  object = slm_realloc(object, size);
  assert_non_null(object);
  assert_aligned(object, 16);
  assert_true(slm_usable_size(object) >= size);
  return object;
}

static void from_every_size_to_every_other(void **state) {
  (void)state;
  static const size_t sizes[] = {100,     SLM_MAX_SIZE, SLM_MAX_SIZE + 1, SLM_MAX_SIZE + 4097, 300000,
                                 MIB - 1, MIB + 1,      2 * MIB,          5 * MIB + 1,         20 * MIB};
  for (int blocked = 0; blocked < 2; blocked++) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      for (size_t j = 0; j < COUNT_OF(sizes); j++) {
        unsigned char *object = allocate(sizes[i], i);
        unsigned char *behind = blocked ? allocate(sizes[i], 99) : NULL;
        object = change(object, sizes[j]);
        assert_true(pattern_holds(object, sizes[i] < sizes[j] ? sizes[i] : sizes[j], i));
        memset(object, 0x33, slm_usable_size(object));
        check_process_books();
        if (blocked) assert_true(pattern_holds(behind, sizes[i], 99));
        slm_free(behind);
        slm_free_sized(object, sizes[j]);
      }
    }
  }
  assert_int_equal(check_process_books().large_live, 0);
}

/** What is behind may be free, retained or clean, and of any length. */
static void over_what_lies_behind(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  enum { COUNT = 40 };
  unsigned char *objects[COUNT] = {NULL};
  size_t sizes[COUNT] = {0};
  for (size_t step = 0; step < 4000; step++) {
    size_t i = random_below(&random, COUNT), size = SLM_MAX_SIZE + 1 + random_below(&random, 600000);
    if (objects[i] == NULL) {
      objects[i] = slm_malloc(size);
      assert_non_null(objects[i]);
    } else if (random_below(&random, 3) == 0) {
      assert_true(pattern_ends_hold(objects[i], sizes[i], i));
      slm_free_sized(objects[i], sizes[i]);
      objects[i] = NULL;
      continue;
    } else {
      assert_true(pattern_ends_hold(objects[i], sizes[i], i));
      size = random_below(&random, 4) ? sizes[i] + 1 + random_below(&random, 200000) : size;
      if (size > 8 * MIB) size = SLM_MAX_SIZE + 1;
      objects[i] = change(objects[i], size);
      assert_true(pattern_holds(objects[i], PATTERN_END, i));
    }
    pattern_fill_ends(objects[i], sizes[i] = size, i);
    if (step % 100 == 0) slm_process_purge();
    if (step % 10 == 0) check_process_books();
  }
  for (size_t i = 0; i < COUNT; i++) {
    if (objects[i] != NULL) assert_true(pattern_ends_hold(objects[i], sizes[i], i));
    slm_free(objects[i]);
  }
  assert_int_equal(check_process_books().large_live, 0);
}

static void the_books_follow(void **state) {
  (void)state;
  slm_process_usage start = check_process_books();
  unsigned char *object = allocate(MIB, 1);
  for (size_t size = MIB; size < 100 * MIB; size = size * 3 / 2 + 4097) {
    object = change(object, size);
    slm_process_usage now = check_process_books();
    assert_int_equal(now.large_live, start.large_live + 1);
    /* A large object of a hardened process that has grown has room for an eighth more. */
    uint64_t bytes = large_bytes(object), room = is_hardened() ? bytes / 8 + HEAP_PAGE : 0;
    assert_in_range(now.bytes_large - start.bytes_large, bytes, bytes + room);
    assert_true(pattern_holds(object, MIB, 1));
  }
  object = change(object, 1000); /* small again */
  slm_process_usage now = check_process_books();
  assert_int_equal(now.large_live, start.large_live);
  assert_int_equal(now.bytes_large, start.bytes_large);
  assert_true(pattern_holds(object, 1000, 1));
  slm_free(object);
}

/** Resets the high-water mark of resident memory. False where the system has none to reset. */
static bool reset_high_water(void) {
  FILE *file = fopen("/proc/self/clear_refs", "w");
  if (file == NULL) return false;
  bool written = fputs("5", file) >= 0;
  return fclose(file) == 0 && written;
}

static void a_move_does_not_copy(void **state) {
  (void)state;
  enum { ROUNDS = 4 };
  slm_process_purge();
  for (size_t round = 0; round < ROUNDS; round++) {
    unsigned char *object = allocate(128 * MIB, round), *behind = allocate(2 * MIB, 9);
    size_t before = resident_mib();
    if (!reset_high_water()) skip();
    object = change(object, (256 + 64 * round) * MIB); /* behind is in the way */
    assert_true(resident_peak_mib() < before + 32);
    assert_true(resident_mib() < before + 32);
    assert_true(pattern_holds(object, 128 * MIB, round) && pattern_holds(behind, 2 * MIB, 9));
    check_process_books();
    slm_free(object);
    slm_free(behind);
    slm_process_purge();
  }
}

/** What a moved object left behind is free memory like any other. */
static void where_it_was_is_used_again(void **state) {
  (void)state;
  slm_process_usage start = process_statistics();
  size_t resident = resident_mib();
  for (size_t round = 0; round < 200; round++) {
    unsigned char *first = allocate(MIB, 1), *second = allocate(MIB, 2);
    first = change(first, 3 * MIB);
    second = change(second, 5 * MIB);
    unsigned char *zeroed = slm_calloc(1, 2 * MIB);
    assert_true(zeroed != NULL && bytes_are(zeroed, 2 * MIB, 0));
    assert_true(pattern_holds(first, MIB, 1) && pattern_holds(second, MIB, 2));
    memset(first, 0xFF, 3 * MIB);
    memset(zeroed, 0xFF, 2 * MIB);
    slm_free(first);
    slm_free(zeroed);
    slm_free(second);
  }
  slm_process_usage end = check_process_books();
  assert_true(end.bytes_taken - end.bytes_given_back <= start.bytes_taken - start.bytes_given_back + 64 * MIB);
  assert_true(resident_mib() <= resident + 64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(from_every_size_to_every_other),
      cmocka_unit_test(over_what_lies_behind),
      cmocka_unit_test(the_books_follow),
      cmocka_unit_test(a_move_does_not_copy),
      cmocka_unit_test(where_it_was_is_used_again),
  };
  return cmocka_run_group_tests_name("slm_realloc large objects", tests, NULL, NULL);
}
