/* No two live objects share a byte, in whatever order they come and go; what is written to one is not seen in another.
 * */
#include "../support/process_books.h"
#include "../support/process_intervals.h"
#include "../support/process_work.h"

enum { LIMIT = 4000 };

typedef struct item {
  unsigned char *memory;
  size_t size, usable;
} item;

static item items[LIMIT];

/** Allocates an object in one of the ways there are, checks where it lies and fills all of it. */
static void take(intervals *taken, size_t index, size_t size, uint64_t *random) {
  item *it = &items[index];
  switch (random_below(random, 6)) {
  case 0:
    it->memory = slm_calloc(1, size);
    break;
  case 1:
    it->memory = slm_aligned_alloc((size_t)1 << random_below(random, 16), size);
    break;
  case 2:
    it->memory = slm_realloc(slm_malloc(random_below(random, 3000)), size + 1);
    break;
  default:
    it->memory = slm_malloc(size);
  }
  assert_non_null(it->memory);
  it->size = size;
  it->usable = slm_usable_size(it->memory);
  assert_true(it->usable >= size);
  assert_true(intervals_add(taken, it->memory, it->usable));
  pattern_fill_ends(it->memory, it->usable, index);
}

static void give(intervals *taken, size_t index) {
  item *it = &items[index];
  assert_true(pattern_ends_hold(it->memory, it->usable, index));
  assert_true(intervals_remove(taken, it->memory, it->usable));
  slm_free(it->memory);
  it->memory = NULL;
}

static void of_all_sizes_in_random_order(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  intervals taken;
  intervals_open(&taken, LIMIT);
  for (size_t step = 0; step < 400000; step++) {
    /* The number of live objects goes up and down. */
    size_t index = random_below(&random, step / 40000 % 2 ? LIMIT / 4 : LIMIT);
    if (items[index].memory == NULL) take(&taken, index, work_size(&random), &random);
    else give(&taken, index);
  }
  for (size_t i = 0; i < LIMIT; i++)
    if (items[i].memory != NULL) give(&taken, i);
  assert_int_equal(taken.count, 0);
  intervals_close(&taken);
  assert_int_equal(check_process_books().large_live, 0);
}

/** Slots of one class side by side: allocated, freed and written in every order. */
static void neighbours_of_one_class(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  size_t sizes[EDGES], classes = class_sizes(sizes);
  static void *objects[LIMIT];
  for (size_t i = 0; i < classes; i++) {
    size_t size = sizes[i], count = size > 10000 ? 40 : size > 1000 ? 300 : 1500;
    for (size_t round = 0; round < 4; round++) {
      for (size_t j = 0; j < count; j++) {
        assert_non_null(objects[j] = slm_malloc(size));
        assert_int_equal(slm_usable_size(objects[j]), size);
      }
      assert_disjoint(objects, count, size);
      shuffle(objects, count, &random);
      for (size_t j = 0; j < count; j++) pattern_fill(objects[j], size, j); /* upwards */
      for (size_t j = count; j-- > 0;) assert_true(pattern_holds(objects[j], size, j));
      for (size_t j = count; j-- > 0;) memset(objects[j], (int)(j % 251), size); /* and downwards */
      for (size_t j = 0; j < count; j++) assert_true(bytes_are(objects[j], size, (unsigned char)(j % 251)));
      /* Half of them go and come again, between those that stay. */
      for (size_t j = 0; j < count; j += 2) slm_free(objects[j]);
      for (size_t j = 0; j < count; j += 2) {
        assert_non_null(objects[j] = slm_malloc(size));
        memset(objects[j], 0xFF, size);
      }
      for (size_t j = 1; j < count; j += 2) assert_true(bytes_are(objects[j], size, (unsigned char)(j % 251)));
      assert_disjoint(objects, count, size);
      for (size_t j = 0; j < count; j++) slm_free(objects[round % 2 ? j : count - 1 - j]);
    }
  }
  check_process_books();
}

/** Every byte of an object can be written without any other object changing. */
static void each_byte_is_its_own(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 8, 15, 16, 17, 24, 33, 48, 100, 130, 250, 500, 1000, 3000};
  enum { EACH = 8 };
  unsigned char *objects[COUNT_OF(sizes)][EACH];
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t j = 0; j < EACH; j++) {
      assert_non_null(objects[i][j] = slm_malloc(sizes[i]));
      memset(objects[i][j], 0, slm_usable_size(objects[i][j]));
    }
  }
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t j = 0; j < EACH; j++) {
      size_t usable = slm_usable_size(objects[i][j]);
      memset(objects[i][j], 0xFF, usable);
      for (size_t k = 0; k < COUNT_OF(sizes); k++)
        for (size_t l = 0; l < EACH; l++)
          if (k != i || l != j) assert_true(bytes_are(objects[k][l], slm_usable_size(objects[k][l]), 0));
      memset(objects[i][j], 0, usable);
    }
  }
  for (size_t i = 0; i < COUNT_OF(sizes); i++)
    for (size_t j = 0; j < EACH; j++) slm_free_sized(objects[i][j], sizes[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_all_sizes_in_random_order),
      cmocka_unit_test(neighbours_of_one_class),
      cmocka_unit_test(each_byte_is_its_own),
  };
  return cmocka_run_group_tests_name("slm_malloc objects do not meet", tests, NULL, NULL);
}
