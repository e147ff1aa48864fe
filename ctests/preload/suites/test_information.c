/* What the malloc family says about itself: usable sizes, mallinfo, malloc_trim. */
#include "../support/preload.h"

static void usable_sizes(void **state) {
  (void)state;
  assert_int_equal(malloc_usable_size(NULL), 0);
  for (size_t size = 1; size < 2 * MIB; size += 1 + size / 20) {
    char *object = malloc(size);
    size_t usable = malloc_usable_size(object);
    assert_true(usable >= size && usable <= size + size / 2 + 4096);
    assert_int_equal(malloc_usable_size(object), usable);
    /* All of it is the caller's: what it writes there stays, and is carried along. */
    pattern_fill(opaque(object), usable, 3);
    object = realloc(object, usable + 1);
    assert_true(pattern_holds(object, usable, 3));
    free(object);
  }
}

/** The bytes in use and the bytes taken follow what is allocated. */
static void mallinfo2_is_plausible(void **state) {
  (void)state;
  enum { COUNT = 20000, SIZE = 1000 };
  static char *objects[COUNT];
  struct mallinfo2 before = mallinfo2();
  assert_true(before.uordblks <= before.arena + before.hblkhd);
  for (size_t i = 0; i < COUNT; i++) memset(opaque(objects[i] = malloc(SIZE)), 1, SIZE);
  char *large = malloc(50 * MIB);
  struct mallinfo2 during = mallinfo2();
  size_t taken = COUNT * SIZE + 50 * MIB, in_use = during.uordblks + during.hblkhd;
  assert_true(in_use >= before.uordblks + before.hblkhd + taken * 9 / 10);
  assert_true(in_use <= before.uordblks + before.hblkhd + taken * 2);
  assert_true(during.arena + during.hblkhd >= taken);
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
  free(opaque(large));
  struct mallinfo2 after = mallinfo2();
  assert_true(after.uordblks + after.hblkhd <= before.uordblks + before.hblkhd + taken / 10);
}

/** The old function has ints: the same figures, as far as they fit. */
static void mallinfo_is_mallinfo2(void **state) {
  (void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  struct mallinfo narrow = mallinfo();
#pragma GCC diagnostic pop
  struct mallinfo2 wide = mallinfo2();
  assert_true(wide.uordblks > 0 && wide.arena + wide.hblkhd < INT_MAX);
  assert_int_equal((size_t)narrow.uordblks, wide.uordblks);
  assert_int_equal((size_t)narrow.arena, wide.arena);
  assert_int_equal((size_t)narrow.hblkhd, wide.hblkhd);
}

/** 1 if memory was given back, as glibc says; and it is back at once, without a purge delay. */
static void malloc_trim_gives_memory_back(void **state) {
  (void)state;
  enum { COUNT = 40000, SIZE = 1000 };
  static char *objects[COUNT];
  memset(objects, 0, sizeof objects);
  malloc_trim(0);
  size_t before = resident();
  for (size_t i = 0; i < COUNT; i++) memset(opaque(objects[i] = malloc(SIZE)), 1, SIZE);
  assert_true(resident() >= before + 38 * MIB);
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
  assert_int_equal(malloc_trim(0), 1);
  size_t after = resident();
  if (after > before + before / 10) fail_msg("resident: %zu KiB before, %zu KiB after", before / KIB, after / KIB);
  assert_in_range(malloc_trim(SIZE_MAX / 2), 0, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(usable_sizes),
      cmocka_unit_test(mallinfo2_is_plausible),
      cmocka_unit_test(mallinfo_is_mallinfo2),
      cmocka_unit_test(malloc_trim_gives_memory_back),
  };
  return cmocka_run_group_tests_name("preload information", tests, NULL, NULL);
}
