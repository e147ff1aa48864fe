/* Limits of a heap: bytes of all threads' slabs and large objects, a handler at the soft limit, a status at the hard
 * one. */
#include "../support/heap_team.h"

static member members[TEAM];

typedef struct watch {
  slm_heap *heap;
  size_t calls, bytes;
  bool frees, allocates;
  void *object, *allocated[200];
} watch;

static void on_soft_limit(void *context, size_t bytes) {
  watch *w = context;
  w->calls++;
  w->bytes = bytes;
  if (w->frees) assert_ok(slm_heap_deallocate(w->heap, w->object));
  if (w->allocates) /* of the class that is being served, and of others */
    for (size_t i = 0; i < COUNT_OF(w->allocated); i++)
      assert_non_null(w->allocated[i] = slm_heap_allocate(w->heap, i % 4 == 0 ? 5000 : 1000));
}

static uint64_t held(slm_heap *heap) { return heap_usage(heap).bytes_held; }

static void the_hard_limit_refuses(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  void *out = &out, *objects[8];
  assert_ok(slm_heap_set_limits(heap, 0, 4 * MIB));
  assert_int_equal(heap_usage(heap).hard_limit, 4 * MIB);
  size_t live = 0;
  slm_status status;
  while ((status = slm_heap_allocate_with(heap, 8, 1000, 0, &out)) == SLM_OK) live++;
  assert_status(SLM_ERR_LIMIT, status);
  assert_null(out);
  assert_true(live > 2 * MIB / 1000 && held(heap) <= 4 * MIB);
  assert_refused(ENOMEM, slm_heap_allocate(heap, 1000));
  assert_refused(ENOMEM, slm_heap_allocate_zeroed(heap, 3000));
  assert_refused(ENOMEM, slm_heap_allocate_aligned(heap, 64, 1000));
  assert_status(SLM_ERR_LIMIT, slm_heap_allocate_with(heap, 8, 5 * MIB, SLM_ZEROED, &out));
  assert_status(SLM_ERR_LIMIT, slm_heap_allocate_with(heap, 2 * MIB, 3 * MIB, 0, &out));
  assert_int_equal(slm_heap_allocate_batch(heap, 3000, 8, objects), 0);
  assert_true(heap_usage(heap).bytes_peak <= 4 * MIB);
  /* Other heaps and malloc have no such limit. */
  slm_heap *other = heap_create();
  assert_non_null(slm_heap_allocate(other, 5 * MIB));
  heap_destroy(other, 1);
  assert_ok(slm_heap_set_limits(heap, 0, 0));
  assert_ok(slm_heap_allocate_with(heap, 8, 1000, 0, &out));
  heap_destroy(heap, live + 1);
}

/** What has become free serves again, also for other sizes. */
static void what_is_freed_can_be_allocated(void **state) {
  (void)state;
  static void *objects[8000];
  slm_heap *heap = heap_create();
  void *out;
  size_t count = 0;
  assert_ok(slm_heap_set_limits(heap, 0, 4 * MIB));
  while (count < COUNT_OF(objects) && (objects[count] = slm_heap_allocate(heap, 1000)) != NULL) count++;
  assert_ok(slm_heap_deallocate(heap, objects[0]));
  assert_ok(slm_heap_allocate_with(heap, 8, 1000, 0, &objects[0]));
  for (size_t i = 0; i < count; i++) assert_ok(slm_heap_deallocate(heap, objects[i]));
  assert_ok(slm_heap_allocate_with(heap, 8, 3 * MIB, 0, &out)); /* the empty slabs go */
  assert_true(held(heap) <= 4 * MIB);
  assert_status(SLM_ERR_LIMIT, slm_heap_allocate_with(heap, 8, 2 * MIB, 0, &out));
  heap_destroy(heap, 1);
}

static void large_objects_count(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  void *out, *lone;
  uint64_t empty = held(heap);
  assert_int_equal(empty, 0);
  unsigned char *object = slm_heap_allocate(heap, MIB);
  assert_int_equal(held(heap), large_bytes(object));
  assert_ok(slm_heap_set_limits(heap, 0, 8 * MIB));
  pattern_fill(object, MIB, 1);
  assert_refused(ENOMEM, slm_heap_reallocate(heap, object, 9 * MIB));
  assert_refused(ENOMEM, slm_realloc(object, 9 * MIB));
  assert_true(pattern_holds(object, MIB, 1));
  object = slm_realloc(object, 3 * MIB);
  assert_non_null(object);
  assert_true(pattern_holds(object, MIB, 1));
  assert_int_equal(held(heap), large_bytes(object));
  object = slm_heap_reallocate(heap, object, 2 * MIB);
  assert_int_equal(held(heap), large_bytes(object));
  assert_status(SLM_ERR_LIMIT, slm_heap_allocate_with(heap, 8, 7 * MIB, 0, &out));
  slm_free(object);
  assert_int_equal(held(heap), 0);
  /* A lone run, which grows in place or moves. */
  assert_status(SLM_ERR_LIMIT, slm_heap_allocate_with(heap, 8, 40 * MIB, 0, &out));
  assert_ok(slm_heap_set_limits(heap, 0, 100 * MIB));
  assert_ok(slm_heap_allocate_with(heap, 8, 40 * MIB, 0, &lone));
  assert_refused(ENOMEM, slm_heap_reallocate(heap, lone, 200 * MIB));
  assert_non_null(lone = slm_heap_reallocate(heap, lone, 80 * MIB));
  assert_true(held(heap) >= 80 * MIB && held(heap) <= 100 * MIB);
  assert_non_null(lone = slm_heap_reallocate(heap, lone, 50 * MIB));
  assert_true(held(heap) >= 50 * MIB && held(heap) < 80 * MIB);
  assert_ok(slm_heap_deallocate(heap, lone));
  assert_int_equal(held(heap), 0);
  heap_destroy(heap, 0);
}

static void the_soft_limit_calls(void **state) {
  (void)state;
  watch w = {.heap = heap_create()};
  assert_ok(slm_heap_set_soft_limit_handler(w.heap, on_soft_limit, &w));
  assert_ok(slm_heap_set_limits(w.heap, 2 * MIB, 0));
  assert_int_equal(heap_usage(w.heap).soft_limit, 2 * MIB);
  void *first = slm_heap_allocate(w.heap, MIB);
  assert_int_equal(w.calls, 0);
  void *second = slm_heap_allocate(w.heap, 3 * MIB);
  assert_int_equal(w.calls, 1);
  assert_int_equal(w.bytes, held(w.heap)); /* the bytes that will be held */
  void *third = slm_heap_allocate(w.heap, MIB);
  assert_true(first != NULL && second != NULL && third != NULL);
  assert_int_equal(w.calls, 1); /* once, until they fall below */
  assert_ok(slm_heap_deallocate(w.heap, second));
  assert_ok(slm_heap_deallocate(w.heap, third));
  assert_non_null(slm_heap_allocate(w.heap, 3 * MIB));
  assert_int_equal(w.calls, 2);
  assert_ok(slm_heap_set_limits(w.heap, MIB, 0)); /* calls again, though nothing fell */
  assert_non_null(slm_heap_allocate(w.heap, MIB));
  assert_int_equal(w.calls, 3);
  assert_ok(slm_heap_set_soft_limit_handler(w.heap, NULL, NULL));
  assert_ok(slm_heap_set_limits(w.heap, MIB, 0));
  assert_non_null(slm_heap_allocate(w.heap, MIB));
  assert_int_equal(w.calls, 3);
  heap_destroy(w.heap, 4);
}

/** The handler frees and allocates in the heap, of the very class that is being served. */
static void the_handler_uses_the_heap(void **state) {
  (void)state;
  for (size_t size = 1000; size <= 2 * MIB; size *= 2 * MIB / 1000) {
    watch w = {.heap = heap_create(), .frees = true, .allocates = true};
    static void *objects[3000];
    size_t count = 0;
    w.object = slm_heap_allocate(w.heap, 1000);
    assert_ok(slm_heap_set_soft_limit_handler(w.heap, on_soft_limit, &w));
    assert_ok(slm_heap_set_limits(w.heap, MIB, 0));
    while (w.calls == 0 || count < 2000) {
      assert_non_null(objects[count] = slm_heap_allocate(w.heap, count < 1500 ? 1000 : size));
      pattern_fill_ends(objects[count], 1000, count);
      count++;
      if (size > MIB && w.calls > 0) break;
    }
    assert_int_equal(w.calls, 1);
    for (size_t i = 0; i < COUNT_OF(w.allocated); i++) {
      pattern_fill_ends(w.allocated[i], 1000, 7777 + i);
      for (size_t j = 0; j < count; j++) assert_ptr_not_equal(objects[j], w.allocated[i]);
    }
    for (size_t i = 0; i < count; i++) assert_true(pattern_ends_hold(objects[i], 1000, i));
    assert_int_equal(heap_usage(w.heap).objects_live, count + COUNT_OF(w.allocated));
    for (size_t i = 0; i < count; i++) assert_ok(slm_heap_deallocate(w.heap, objects[i]));
    for (size_t i = 0; i < COUNT_OF(w.allocated); i++) assert_ok(slm_heap_deallocate(w.heap, w.allocated[i]));
    heap_destroy(w.heap, 0);
  }
  check_process_books();
  assert_int_equal(misuses.count, 0);
}

static void limits_in_options(void **state) {
  (void)state;
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.soft_limit = MIB;
  options.hard_limit = 2 * MIB;
  slm_status why;
  void *out;
  slm_heap *heap = slm_heap_create(&options, &why);
  assert_non_null(heap);
  assert_ok(why);
  assert_int_equal(heap_usage(heap).soft_limit, MIB);
  assert_int_equal(heap_usage(heap).hard_limit, 2 * MIB);
  assert_status(SLM_ERR_LIMIT, slm_heap_allocate_with(heap, 8, 3 * MIB, 0, &out));
  heap_destroy(heap, 0);
  heap = heap_create(); /* at the same place, and without limits */
  assert_int_equal(heap_usage(heap).soft_limit + heap_usage(heap).hard_limit, 0);
  assert_non_null(slm_heap_allocate(heap, 3 * MIB));
  heap_destroy(heap, 1);
}

static void what_is_refused(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_heap_set_limits(heap, 2, 1));
  assert_ok(slm_heap_set_limits(heap, 1, 0));
  assert_ok(slm_heap_set_limits(heap, 1, 1));
  assert_ok(slm_heap_set_limits(heap, UINT64_MAX, UINT64_MAX));
  assert_non_null(slm_heap_allocate(heap, 100));
  heap_destroy(heap, 1);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_set_limits(heap, 0, 0));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_set_soft_limit_handler(heap, NULL, NULL));
}

static void *fill_to_the_limit(void *argument) {
  member *self = argument;
  uint64_t random = self->index;
  for (size_t round = 0; round < 20000; round++) {
    size_t i = random_below(&random, TEAM_OBJECTS);
    self->faults += slm_heap_deallocate(self->heap, self->objects[i]) != SLM_OK;
    size_t size = 1 + random_below(&random, round % 64 == 0 ? MIB : 5000);
    slm_status status = slm_heap_allocate_with(self->heap, 8, size, 0, &self->objects[i]);
    self->faults += status != SLM_OK && status != SLM_ERR_LIMIT;
    self->count += status == SLM_ERR_LIMIT;
  }
  for (size_t i = 0; i < TEAM_OBJECTS; i++) self->faults += slm_heap_deallocate(self->heap, self->objects[i]) != SLM_OK;
  return NULL;
}

/** One of the threads reaches the limit by itself, also where the others run before it or after it. */
static void all_threads_together_keep_the_limit(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  assert_ok(slm_heap_set_limits(heap, 0, 3 * MIB));
  team_open(members, heap, 0, 0);
  on_threads(TEAM, fill_to_the_limit, members, sizeof members[0]);
  size_t refused = 0;
  for (size_t i = 0; i < TEAM; i++) {
    assert_int_equal(members[i].faults, 0);
    refused += members[i].count;
  }
  assert_true(refused > 0);
  slm_heap_usage now = heap_usage(heap);
  assert_true(now.bytes_peak <= 3 * MIB);
  assert_int_equal(now.objects_live, 0);
  heap_destroy(heap, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(the_hard_limit_refuses),    misuse_test(what_is_freed_can_be_allocated),
      misuse_test(large_objects_count),       misuse_test(the_soft_limit_calls),
      misuse_test(the_handler_uses_the_heap), misuse_test(limits_in_options),
      misuse_test(what_is_refused),           misuse_test(all_threads_together_keep_the_limit),
  };
  return cmocka_run_group_tests_name("slm_heap limits", tests, NULL, NULL);
}
