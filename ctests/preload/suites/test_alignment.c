/* Every function of the malloc family: alignment, usable size, and that the objects are apart. */
#include "../support/preload.h"

static void every_function_is_the_librarys(void **state) {
  (void)state;
  static const char *const names[] = {
      "malloc",        "free",      "calloc", "realloc",    "reallocarray",       "posix_memalign",
      "aligned_alloc", "memalign",  "valloc", "pvalloc",    "malloc_usable_size", "malloc_trim",
      "mallinfo",      "mallinfo2", "cfree",  "free_sized", "free_aligned_sized", "malloc_info",
      "malloc_stats",  "mallopt"};
  size_t missing = 0;
  for (size_t i = 0; i < COUNT_OF(names); i++) {
    if (is_preloaded(names[i])) continue;
    print_error("%s is not the library's\n", names[i]);
    missing++;
  }
  assert_int_equal(missing, 0);
}

/** A live object of at least this size and alignment: filled to its usable end, checked and freed. */
static void check_object(void *object, size_t alignment, size_t size) {
  assert_non_null(object);
  assert_aligned(object, alignment);
  size_t usable = malloc_usable_size(object);
  assert_true(usable >= size);
  pattern_fill(object, usable, (uintptr_t)object);
  assert_true(pattern_holds(object, usable, (uintptr_t)object));
  free(object);
}

static void check_size(size_t size) {
  void *out = NULL;
  check_object(malloc(size), 16, size);
  check_object(calloc(1, size), 16, size);
  check_object(calloc(size, 1), 16, size);
  check_object(realloc(NULL, size), 16, size);
  check_object(reallocarray(NULL, size, 1), 16, size);
  check_object(aligned_alloc(16, size), 16, size);
  check_object(valloc(size), 4096, size);
  check_object(pvalloc(size), 4096, (size + 4095) / 4096 * 4096);
  assert_int_equal(posix_memalign(&out, 8, size), 0);
  check_object(out, 16, size);
}

static void every_size_is_aligned_to_16(void **state) {
  (void)state;
  for (size_t size = 0; size <= 2100; size++) check_size(size);
  for (size_t size = 2100; size <= 300 * KIB; size += size / 37) check_size(size);
  for (size_t size = MIB; size <= 64 * MIB; size *= 2)
    for (size_t delta = 0; delta < 3; delta++) check_object(malloc(size - 1 + delta), 16, size - 1 + delta);
}

static void every_power_of_two_is_an_alignment(void **state) {
  (void)state;
  for (size_t alignment = 1; alignment <= 64 * MIB; alignment *= 2) {
    const size_t sizes[] = {0, 1, 17, 100, alignment / 2, alignment - 1, alignment, alignment + 1, 3 * alignment, 5000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      /* The pages of a huge object are not touched, but for the first and the last byte. */
      char *objects[3] = {aligned_alloc(alignment, sizes[i]), memalign(alignment, sizes[i]), NULL};
      if (alignment < 8) objects[2] = malloc(sizes[i]);
      else assert_int_equal(posix_memalign((void **)&objects[2], alignment, sizes[i]), 0);
      for (size_t j = 0; j < COUNT_OF(objects); j++) {
        assert_non_null(objects[j]);
        assert_aligned(objects[j], alignment > 16 ? alignment : 16);
        size_t usable = malloc_usable_size(objects[j]);
        assert_true(usable >= sizes[i]);
        if (usable > 0) objects[j][0] = (char)j, objects[j][usable - 1] = (char)j;
      }
      for (size_t j = 0; j < COUNT_OF(objects); j++) free(objects[j]);
    }
  }
}

/** Many objects at once, of one size or alignment, share no byte. */
static void objects_are_apart(void **state) {
  (void)state;
  static const struct {
    size_t alignment, size, count;
  } kinds[] = {{16, 1, 20000},    {16, 24, 20000},  {64, 64, 5000},   {16, 1000, 5000},
               {4096, 100, 1000}, {16, 40000, 500}, {16, 300000, 50}, {65536, 70000, 50}};
  static void *objects[20000];
  for (size_t k = 0; k < COUNT_OF(kinds); k++) {
    for (size_t i = 0; i < kinds[k].count; i++) {
      objects[i] = memalign(kinds[k].alignment, kinds[k].size);
      assert_non_null(objects[i]);
    }
    assert_disjoint(objects, kinds[k].count, malloc_usable_size(objects[0]));
    for (size_t i = 0; i < kinds[k].count; i++) free(objects[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(every_function_is_the_librarys),
      cmocka_unit_test(every_size_is_aligned_to_16),
      cmocka_unit_test(every_power_of_two_is_an_alignment),
      cmocka_unit_test(objects_are_apart),
  };
  return cmocka_run_group_tests_name("preload alignment", tests, NULL, NULL);
}
