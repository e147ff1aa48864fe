/* Reports of the process and of heaps: text and JSON say the same, every sum closes, and statistics agree. */
#include "../support/printed.h"
#include "../support/process_books.h"
#include "../support/process_work.h"

static const printed *check_process_report(void) {
  const printed *p = PRINTED(slm_process_print, );
  slm_process_usage now = check_process_books();
  assert_int_equal(p->total.held_bytes, now.bytes_taken - now.bytes_given_back);
  assert_int_equal(p->total.metadata_bytes, now.bytes_metadata);
  assert_int_equal(p->total.clean_bytes, now.bytes_clean);
  assert_int_equal(printed_row_named(p, "free runs")->dirty_bytes, now.bytes_retained);
  assert_int_equal(printed_row_named(p, "large")->held_bytes, now.bytes_large);
  assert_int_equal(printed_row_named(p, "large")->live, now.large_live);
  assert_int_equal(printed_number(p->text, "taken_bytes"), now.bytes_taken);
  assert_int_equal(printed_number(p->text, "given_back_bytes"), now.bytes_given_back);
  assert_int_equal(printed_number(p->text, "purged_bytes"), now.bytes_purged);
  assert_int_equal(printed_number(p->text, "peak_bytes"), now.bytes_peak);
  assert_int_equal(printed_number(p->text, "heaps"), now.heaps);
  assert_int_equal(printed_number(p->text, "pid"), getpid());
  for (size_t i = 0; i < now.class_count; i++) {
    slm_class_statistics class = process_class(i);
    char name[16];
    snprintf(name, sizeof name, "%u", class.slot_size);
    const printed_row *row = printed_row_named(p, name);
    assert_int_equal(row->slabs, class.pages);
    assert_int_equal(row->live, class.slots_live);
    assert_int_equal(row->live_bytes, class.slots_live * class.slot_size);
    uint64_t pages = row->held_bytes - row->metadata_bytes, full = class.pages * bytes_of_slab(&class);
    /* A first slab is smaller, but in profile hardened. */
    assert_in_range(pages, is_hardened() ? full : class.pages * HEAP_PAGE, full);
    assert_in_range(row->slots * class.slot_size, is_hardened() ? 0 : pages - pages / 8, pages);
    /* A mark for each slot and a bit for each, both in whole lines of 64 bytes. */
    uint64_t slots = class.pages == 0 ? 0 : row->slots / row->slabs;
    uint64_t of_equal_slabs = row->slabs * 64 * ((slots + 63) / 64 + ((slots + 63) / 64 * 8 + 63) / 64);
    if (pages == full) assert_int_equal(row->metadata_bytes, of_equal_slabs);
    else assert_in_range(row->metadata_bytes, row->slots, row->slots + row->slots / 8 + row->slabs * (63 + 8 + 63));
  }
  return p;
}

static void every_sum_of_the_process_closes(void **state) {
  (void)state;
  static work_object objects[WORK_OBJECTS];
  uint64_t random = suite_seed();
  size_t faults = 0;
  for (size_t step = 0; step < 20000; step++) {
    work_object *object = &objects[random_below(&random, WORK_OBJECTS)];
    if (object->memory != NULL) faults += work_free(object, &random);
    else faults += work_allocate(object, &random);
    if (random_below(&random, 500) == 0) slm_process_purge();
    if (step % 100 == 0) check_process_report();
  }
  for (size_t i = 0; i < WORK_OBJECTS; i++) faults += work_free(&objects[i], &random);
  assert_int_equal(faults, 0);
  check_process_report();
}

static void every_sum_of_a_heap_closes(void **state) {
  (void)state;
  enum { LIVE = 300, STEPS = 10000 };
  static void *objects[LIVE];
  uint64_t random = suite_seed();
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.soft_limit = UINT64_C(1) << 40, options.hard_limit = UINT64_C(1) << 41;
  slm_heap *heap = slm_heap_create(&options, NULL);
  assert_non_null(heap);
  for (size_t step = 0; step < STEPS; step++) {
    void **object = &objects[random_below(&random, LIVE)];
    if (*object != NULL) assert_ok(slm_heap_deallocate(heap, *object)), *object = NULL;
    else assert_non_null(*object = slm_heap_allocate(heap, work_size(&random)));
    if (step % 100 != 0) continue;
    const printed *p = PRINTED(slm_heap_print, heap, );
    slm_heap_usage now = {.struct_size = sizeof now};
    assert_ok(slm_heap_statistics(heap, &now));
    assert_int_equal(p->total.held_bytes, now.bytes_held);
    assert_int_equal(p->total.live, now.objects_live);
    if (!is_hardened()) assert_int_equal(p->total.live_bytes, now.bytes_live);
    assert_int_equal(p->total.metadata_bytes, 0);
    assert_int_equal(printed_row_named(p, "large")->held_bytes, now.bytes_large);
    assert_int_equal(printed_number(p->text, "peak_bytes"), now.bytes_peak);
    assert_int_equal(printed_number(p->text, "soft_limit_bytes"), now.soft_limit);
    assert_int_equal(printed_number(p->text, "hard_limit_bytes"), now.hard_limit);
    assert_non_null(strstr(p->text, "\"kind\":\"heap\",\"name\":null"));
  }
  assert_ok(slm_heap_destroy(heap, NULL));
  memset(objects, 0, sizeof objects);
  static printed p;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_print(heap, SLM_TEXT, printed_add, &p));
}

/** The writer may use malloc. */
static void allocate_and_free(void *context, const char *text, size_t length) {
  char *copy = slm_malloc(length);
  assert_non_null(copy);
  memcpy(copy, text, length);
  *(size_t *)context += length;
  slm_free(copy);
}

static void writers_and_forms(void **state) {
  (void)state;
  static printed p;
  size_t length = 0;
  errno = 4711;
  assert_ok(slm_process_print(SLM_TEXT, allocate_and_free, &length));
  assert_true(length > 100);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_process_print(2, printed_add, &p));
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_print(heap, 2, printed_add, &p));
  assert_ok(slm_heap_destroy(heap, NULL));
  assert_int_equal(p.length, 0);
  assert_int_equal(errno, 4711);
  assert_ok(slm_process_print(SLM_TEXT, printed_add, &p));
  assert_non_null(strstr(p.text, is_hardened() ? ", profile hardened, " : ", profile checked, "));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_sum_of_the_process_closes),
      cmocka_unit_test(every_sum_of_a_heap_closes),
      cmocka_unit_test(writers_and_forms),
  };
  return cmocka_run_group_tests_name("process print", tests, NULL, NULL);
}
