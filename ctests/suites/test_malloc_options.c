/* The process's options: what is read is what was set, and what is wrong changes nothing. */
#include "../support/process_books.h"
#include "../support/process_work.h"

static void what_is_set_is_read(void **state) {
  (void)state;
  static const uint32_t delays[] = {0, 1, 10, 1000, 3600000, UINT32_MAX};
  static const uint64_t limits[] = {0, 1, 4096, MIB, UINT64_C(1) << 40, UINT64_MAX};
  slm_process_options start = process_options();
  for (size_t i = 0; i < COUNT_OF(delays); i++) {
    for (size_t j = 0; j < COUNT_OF(limits); j++) {
      set_process_options(delays[i], limits[j]);
      slm_process_options now = process_options();
      assert_int_equal(now.struct_size, sizeof now);
      assert_int_equal(now.purge_delay, delays[i]);
      assert_int_equal(now.retain, limits[j]);
      assert_int_equal(work(i * 10 + j, 2000), 0); /* whatever they are, the work is right */
      check_process_books();
    }
  }
  assert_ok(slm_process_configure(&start, NULL));
  slm_process_options end = process_options();
  assert_memory_equal(&start, &end, sizeof start);
}

static void wrong_arguments_change_nothing(void **state) {
  (void)state;
  set_process_options(77, 7 * MIB);
  static const uint32_t sizes[] = {0, 1, 4, 8, sizeof(slm_process_options) - 1};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    slm_process_options options = {sizes[i], 5, 5};
    assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_configure(&options, NULL));
    assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_configure(NULL, &options));
    assert_int_equal(options.purge_delay, 5);
    assert_int_equal(options.retain, 5);
  }
  assert_ok(slm_process_configure(NULL, NULL)); /* neither reads nor changes */
  /* One of the two is wrong: then neither counts. */
  slm_process_options right = {sizeof right, 5, 5}, small = {4, 6, 6};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_configure(&right, &small));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_configure(&small, &right));
  assert_int_equal(small.purge_delay, 6);
  assert_int_equal(right.purge_delay, 5);
  slm_process_options now = process_options();
  assert_int_equal(now.purge_delay, 77);
  assert_int_equal(now.retain, 7 * MIB);
}

/** A program that was compiled with a header in which the struct has grown. */
static void a_longer_struct_is_taken(void **state) {
  (void)state;
  struct {
    slm_process_options known;
    unsigned char later[64];
  } grown;
  memset(&grown, 0x5C, sizeof grown);
  grown.known.struct_size = sizeof grown;
  assert_ok(slm_process_configure(NULL, &grown.known));
  assert_true(bytes_are(grown.later, sizeof grown.later, 0x5C));
  grown.known.purge_delay = 123;
  assert_ok(slm_process_configure(&grown.known, NULL));
  assert_int_equal(process_options().purge_delay, 123);
}

/** One call changes the options and reads what they were. */
static void the_former_options_are_returned(void **state) {
  (void)state;
  set_process_options(11, MIB);
  slm_process_options next = {sizeof next, 22, 2 * MIB}, former = {.struct_size = sizeof former};
  assert_ok(slm_process_configure(&next, &former));
  assert_int_equal(former.purge_delay, 11);
  assert_int_equal(former.retain, MIB);
  assert_int_equal(process_options().purge_delay, 22);
  /* One struct for both gets the former ones, when they were taken out of it. */
  next.purge_delay = 33;
  assert_ok(slm_process_configure(&next, &next));
  assert_int_equal(next.purge_delay, 22);
  assert_int_equal(process_options().purge_delay, 33);
}

static void options_change_while_objects_live(void **state) {
  (void)state;
  enum { COUNT = 600 };
  static unsigned char *objects[COUNT];
  static size_t sizes[COUNT];
  uint64_t random = suite_seed();
  for (size_t step = 0; step < 20000; step++) {
    size_t i = random_below(&random, COUNT);
    if (step % 50 == 0) set_process_options((uint32_t)random_below(&random, 3) * 5, random_below(&random, 4) * MIB);
    if (objects[i] != NULL) {
      assert_true(pattern_ends_hold(objects[i], sizes[i], i));
      slm_free_sized(objects[i], sizes[i]);
      objects[i] = NULL;
    } else {
      sizes[i] = work_size(&random);
      objects[i] = step % 2 ? slm_malloc(sizes[i]) : slm_calloc(1, sizes[i]);
      assert_non_null(objects[i]);
      if (step % 2 == 0) assert_true(bytes_are(objects[i], sizes[i], 0));
      pattern_fill_ends(objects[i], sizes[i], i);
    }
  }
  for (size_t i = 0; i < COUNT; i++) {
    if (objects[i] != NULL) assert_true(pattern_ends_hold(objects[i], sizes[i], i));
    slm_free(objects[i]);
  }
  check_process_books();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_set_is_read),
      cmocka_unit_test(wrong_arguments_change_nothing),
      cmocka_unit_test(a_longer_struct_is_taken),
      cmocka_unit_test(the_former_options_are_returned),
      cmocka_unit_test(options_change_while_objects_live),
  };
  return cmocka_run_group_tests_name("slm_process options", tests, NULL, NULL);
}
