/* The ledger of the process: its equations hold after every call, and it says what was done. */
#include "../support/process_books.h"
#include "../support/process_work.h"

static void arguments_that_are_refused(void **state) {
  (void)state;
  slm_process_usage out = {.struct_size = sizeof out - 1};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_statistics(NULL));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_statistics(&out));
  out.struct_size = 0;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_statistics(&out));
  assert_int_equal(out.class_count, 0);
  out.struct_size = sizeof out;
  assert_ok(slm_process_statistics(&out));
  assert_true(out.class_count > 0);
  slm_class_statistics class = {.struct_size = sizeof class};
  assert_ok(slm_process_class_statistics(out.class_count - 1, &class));
  assert_int_equal(class.slot_size, SLM_MAX_SIZE);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_class_statistics(out.class_count, &class));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_class_statistics(SIZE_MAX, &class));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_class_statistics(0, NULL));
  class.struct_size = sizeof class - 1;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_class_statistics(0, &class));
  struct {
    slm_process_usage known;
    unsigned char later[64];
  } grown;
  memset(&grown, 0x5C, sizeof grown);
  grown.known.struct_size = sizeof grown; /* a caller with a newer header */
  assert_ok(slm_process_statistics(&grown.known));
  assert_int_equal(grown.known.class_count, out.class_count);
}

/** Live bytes of the objects of a test, by what the ledger should call them. */
typedef struct account {
  uint64_t small, large, large_count;
} account;

static void count_object(account *a, const void *object, int sign) {
  size_t usable = slm_usable_size(object);
  if (usable > max_in_slot()) {
    a->large += (uint64_t)((int64_t)large_bytes(object) * sign);
    a->large_count += (uint64_t)(int64_t)sign;
  } else {
    a->small += (uint64_t)((int64_t)(usable + canary_size()) * sign);
  }
}

static void the_equations_hold_at_every_step(void **state) {
  (void)state;
  enum { OBJECTS = 300, STEPS = 30000 };
  static void *objects[OBJECTS];
  uint64_t random = suite_seed();
  account a = {0, 0, 0};
  slm_process_usage last = check_process_books();
  uint64_t highest = last.bytes_slabs + last.bytes_large;
  for (size_t step = 0; step < STEPS; step++) {
    void **object = &objects[random_below(&random, OBJECTS)];
    size_t size = 1 + work_size(&random);
    if (*object != NULL) count_object(&a, *object, -1);
    if (*object == NULL) *object = slm_malloc(size);
    else if (random_below(&random, 3) == 0) *object = slm_realloc(*object, size);
    else slm_free(*object), *object = NULL;
    if (*object != NULL) count_object(&a, *object, 1);
    size_t purged = random_below(&random, 500) == 0 ? slm_process_purge() : 0;

    slm_process_usage now = check_process_books();
    assert_int_equal(now.bytes_large, a.large);
    assert_int_equal(now.large_live, a.large_count);
    assert_true(now.bytes_slabs >= a.small);
    assert_true(now.bytes_taken >= last.bytes_taken && now.bytes_given_back >= last.bytes_given_back);
    assert_true(now.bytes_purged >= last.bytes_purged + purged);
    assert_true(now.bytes_peak >= last.bytes_peak);
    if (now.bytes_slabs + now.bytes_large > highest) highest = now.bytes_slabs + now.bytes_large;
    assert_true(now.bytes_peak >= highest);
    last = now;
  }
  for (size_t i = 0; i < OBJECTS; i++) slm_free(objects[i]);
  last = check_process_books();
  assert_int_equal(last.large_live, 0);
}

static void classes_count_their_slots(void **state) {
  (void)state;
  size_t sizes[EDGES], classes = class_sizes(sizes);
  for (size_t i = 0; i < classes; i++) {
    enum { COUNT = 400 };
    static void *objects[COUNT];
    size_t count = sizes[i] > 10000 ? 40 : COUNT;
    slm_class_statistics before = process_class_of(sizes[i]);
    for (size_t j = 0; j < count; j++) assert_non_null(objects[j] = slm_malloc(sizes[i]));
    slm_class_statistics during = process_class_of(sizes[i]);
    assert_true(during.slots_live >= count && during.pages >= before.pages);
    /* A heap has at most a slab's slots ready. */
    assert_true(during.slots_live <= before.slots_live + count + during.slots_per_page);
    /* Up to five slabs are smaller than those that follow. */
    assert_true(during.pages <= before.pages + count / during.slots_per_page + 6);
    assert_true(during.slots_per_page <= during.page_size / during.slot_size);
    for (size_t j = 0; j < count; j++) slm_free(objects[j]);
    if (is_hardened()) slm_process_purge(); /* else a few slots in quarantine may hold each slab back */
    slm_class_statistics after = process_class_of(sizes[i]);
    assert_true(after.slots_live <= before.slots_live + 2 * during.slots_per_page);
    assert_true(after.pages <= before.pages + 2);
  }
}

static void the_peak_is_what_was_highest(void **state) {
  (void)state;
  slm_process_usage before = check_process_books();
  /* Above all that was before, so it is the peak now, to the byte. */
  size_t size = round_up(before.bytes_peak + 16 * MIB, MIB);
  void *object = slm_malloc(size);
  assert_non_null(object);
  slm_process_usage during = check_process_books();
  assert_int_equal(during.bytes_peak, during.bytes_slabs + during.bytes_large);
  slm_free(object);
  slm_process_usage after = check_process_books();
  assert_int_equal(after.bytes_peak, during.bytes_peak);
  slm_free(slm_malloc(MIB));
  slm_process_purge();
  assert_int_equal(process_statistics().bytes_peak, during.bytes_peak);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arguments_that_are_refused),
      cmocka_unit_test(the_equations_hold_at_every_step),
      cmocka_unit_test(classes_count_their_slots),
      cmocka_unit_test(the_peak_is_what_was_highest),
  };
  return cmocka_run_group_tests_name("slm_process statistics", tests, NULL, NULL);
}
