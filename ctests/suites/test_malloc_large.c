/* Objects above SLM_MAX_SIZE: page runs of their own. */
#include "../support/process_books.h"
#include "../support/process_intervals.h"

static void they_have_whole_pages(void **state) {
  (void)state;
  static const size_t sizes[] = {SLM_MAX_SIZE + 1,
                                 SLM_MAX_SIZE + 4096,
                                 SLM_MAX_SIZE + 4097,
                                 200000,
                                 256 * 1024,
                                 MIB - 1,
                                 MIB,
                                 MIB + 1,
                                 2 * MIB,
                                 3 * MIB + 1,
                                 32 * MIB,
                                 100 * MIB + 5};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    slm_process_usage before = check_process_books();
    unsigned char *object = slm_malloc(sizes[i]);
    assert_non_null(object);
    assert_aligned(object, 16);
    size_t usable = slm_usable_size(object);
    assert_int_equal(usable, round_up(sizes[i], system_page()));
    assert_int_equal(usable, slm_good_size(sizes[i]));
    slm_process_usage during = check_process_books();
    assert_int_equal(during.bytes_large, before.bytes_large + large_bytes(object));
    assert_int_equal(during.large_live, before.large_live + 1);
    assert_int_equal(during.bytes_slabs, before.bytes_slabs);
    memset(object, 0x77, usable);
    slm_free(object);
    slm_process_usage after = check_process_books();
    assert_int_equal(after.bytes_large, before.bytes_large);
    assert_int_equal(after.large_live, before.large_live);
  }
}

static void many_at_once(void **state) {
  (void)state;
  enum { COUNT = 1500, ROUNDS = 12 };
  static struct {
    unsigned char *memory;
    size_t size;
  } objects[COUNT];
  uint64_t random = suite_seed(), bytes = 0;
  intervals taken;
  intervals_open(&taken, COUNT);
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < COUNT; i++) {
      if (random_below(&random, 3) == 0) continue;
      if (objects[i].memory != NULL) {
        assert_true(pattern_ends_hold(objects[i].memory, objects[i].size, i));
        bytes -= large_bytes(objects[i].memory);
        assert_true(intervals_remove(&taken, objects[i].memory, slm_usable_size(objects[i].memory)));
        slm_free_sized(objects[i].memory, objects[i].size);
        objects[i].memory = NULL;
      } else {
        objects[i].size = SLM_MAX_SIZE + 1 + random_below(&random, i % 10 == 0 ? 4 * MIB : 300000);
        objects[i].memory = slm_malloc(objects[i].size);
        assert_non_null(objects[i].memory);
        bytes += large_bytes(objects[i].memory);
        assert_true(intervals_add(&taken, objects[i].memory, slm_usable_size(objects[i].memory)));
        pattern_fill_ends(objects[i].memory, objects[i].size, i);
      }
    }
    slm_process_usage now = check_process_books();
    assert_int_equal(now.large_live, taken.count);
    assert_int_equal(now.bytes_large, bytes);
  }
  for (size_t i = 0; i < COUNT; i++) {
    if (objects[i].memory != NULL) assert_true(pattern_ends_hold(objects[i].memory, objects[i].size, i));
    slm_free(objects[i].memory);
    objects[i].memory = NULL;
  }
  assert_int_equal(check_process_books().large_live, 0);
  intervals_close(&taken);
}

/** Free neighbours become one run again: what 32 objects had serves one of half their size. The first test, as what
 * others left would be
 *  part clean and part dirty. Of smaller ones a hardened process would hold the address space of the last 32 back. */
static void neighbours_join(void **state) {
  (void)state;
  enum { PARTS = 32 };
  const size_t part = 4 * MIB - guard_bytes();
  void *parts[PARTS];
  uint64_t random = suite_seed();
  retain_everything();
  slm_free(slm_malloc(PARTS * 4 * MIB - guard_bytes())); /* what serves them all, side by side */
  for (size_t i = 0; i < PARTS; i++) assert_non_null(parts[i] = slm_malloc(part));
  shuffle(parts, PARTS, &random);
  slm_process_usage before = process_statistics();
  for (size_t round = 0; round < 10; round++) {
    for (size_t i = 0; i < PARTS; i++) slm_free(parts[i]);
    void *whole = slm_malloc(PARTS / 2 * part);
    assert_non_null(whole);
    memset(whole, 1, PARTS / 2 * part);
    slm_free(whole);
    for (size_t i = 0; i < PARTS; i++) assert_non_null(parts[i] = slm_malloc(part));
    shuffle(parts, PARTS, &random);
  }
  slm_process_usage after = check_process_books();
  assert_true(after.bytes_taken - after.bytes_given_back <=
              before.bytes_taken - before.bytes_given_back + PARTS / 2 * part);
  for (size_t i = 0; i < PARTS; i++) slm_free(parts[i]);
}

static void the_system_gets_it_back(void **state) {
  (void)state;
  slm_process_purge();
  size_t before = resident_mib();
  void *object = slm_malloc(128 * MIB);
  assert_non_null(object);
  memset(object, 1, 128 * MIB);
  assert_true(resident_mib() >= before + 120);
  slm_free(object);
  slm_process_purge();
  assert_true(resident_mib() <= before + 16);
}

/** More than most machines have, not touched but at its ends. */
static void larger_than_memory(void **state) {
  (void)state;
  for (size_t gib = 1; gib <= 64; gib *= 2) {
    size_t size = gib * 1024 * MIB + 1;
    errno = 0;
    unsigned char *object = slm_malloc(size);
    if (object == NULL) {
      assert_int_equal(errno, ENOMEM);
      continue;
    }
    assert_true(slm_usable_size(object) >= size);
    pattern_fill_ends(object, size, gib);
    assert_true(pattern_ends_hold(object, size, gib));
    check_process_books();
    slm_free_sized(object, size);
  }
  assert_int_equal(check_process_books().large_live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(neighbours_join),    cmocka_unit_test(they_have_whole_pages),   cmocka_unit_test(many_at_once),
      cmocka_unit_test(larger_than_memory), cmocka_unit_test(the_system_gets_it_back),
  };
  return cmocka_run_group_tests_name("slm_malloc large objects", tests, NULL, NULL);
}
