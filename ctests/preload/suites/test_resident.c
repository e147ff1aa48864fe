/* Memory comes back: after a phase of many objects, small or large, resident memory is what it was before. */
#include "../support/preload.h"

enum { MOST = 2500000 };
static void *objects[MOST]; /* resident from the start, as main() fills it */

/** Takes this much memory in objects of these sizes, gives it back in random order, and expects it to be gone. */
static void phase(size_t total, size_t least, size_t most, uint64_t *random) {
  ordinary_calls();
  size_t before = resident_settled(), count = 0, taken = 0;
  while (taken < total && count < MOST) {
    size_t size = least + random_below(random, most - least + 1);
    assert_non_null(objects[count] = malloc(size));
    memset(objects[count++], 1, size);
    taken += size;
  }
  assert_true(taken >= total);
  size_t during = resident();
  assert_true(during >= before + total * 9 / 10);
  shuffle(objects, count, random);
  for (size_t i = 0; i < count; i++) free(objects[i]);
  assert_comes_back(before);
}

static void small_objects_freed_in_random_order(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  phase(200 * MIB, 16, 400, &random);
}

static void medium_objects_freed_in_random_order(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  phase(200 * MIB, 500, 30000, &random);
}

static void large_objects_freed_in_random_order(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  phase(400 * MIB, 100000, 8 * MIB, &random);
}

/** Again and again: what one phase leaves behind another one uses, so that nothing adds up. */
static void phases_of_changing_sizes(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  for (size_t least = 24; least <= 2 * MIB; least *= 8) phase(60 * MIB, least, least * 2, &random);
}

/** Memory of every second object goes; the next phase has another size, and may not take as much again. */
static void holes_are_filled(void **state) {
  (void)state;
  enum { COUNT = 300000, SIZE = 200 };
  for (size_t i = 0; i < COUNT; i++) memset(objects[i] = malloc(SIZE), 1, SIZE);
  for (size_t i = 0; i < COUNT; i += 2) free(objects[i]);
  size_t with_holes = resident();
  for (size_t i = 0; i < COUNT; i += 2) memset(objects[i] = malloc(SIZE), 1, SIZE);
  assert_true(resident() < with_holes + with_holes / 10);
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
}

/** One object that grows and shrinks by realloc: what it gave up is gone too. */
static void a_block_that_shrinks(void **state) {
  (void)state;
  size_t before = resident_settled();
  char *block = malloc(300 * MIB);
  assert_non_null(block);
  memset(block, 1, 300 * MIB);
  assert_true(resident() >= before + 290 * MIB);
  assert_non_null(block = realloc(block, 3 * MIB));
  size_t after = resident_after_purge(before + before / 10 + 3 * MIB);
  assert_true(after <= before + before / 10 + 3 * MIB);
  free(block);
  assert_comes_back(before);
}

int main(void) {
  memset(objects, 1, sizeof objects);
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(small_objects_freed_in_random_order),
      cmocka_unit_test(medium_objects_freed_in_random_order),
      cmocka_unit_test(large_objects_freed_in_random_order),
      cmocka_unit_test(phases_of_changing_sizes),
      cmocka_unit_test(holes_are_filled),
      cmocka_unit_test(a_block_that_shrinks),
  };
  return cmocka_run_group_tests_name("preload resident memory", tests, NULL, NULL);
}
