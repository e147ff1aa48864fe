/* A heap in memory of the program's: all of it, objects and state, lies in runs of the provider, and goes back. */
#include "../support/heap_team.h"
#include "../support/run_provider.h"

static run_provider provider;
static member members[TEAM];

static slm_heap *create_in(slm_page_provider pages) {
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.provider = pages;
  slm_status why = SLM_ERR_DOUBLE_FREE;
  slm_heap *heap = slm_heap_create(&options, &why);
  assert_non_null(heap);
  assert_ok(why);
  return heap;
}

static bool is_in_arena(const void *address) {
  return (const unsigned char *)address >= provider.arena &&
         (const unsigned char *)address < provider.arena + RUN_ARENA_SIZE;
}

static slm_heap *open_heap(void) {
  run_provider_open(&provider, 4096);
  slm_heap *heap = create_in(run_provider_both(&provider));
  assert_true(is_in_arena(heap));
  return heap;
}

/** All pages are back, in the shape in which they were taken. */
static void close_heap(slm_heap *heap, size_t want) {
  heap_destroy(heap, want);
  assert_int_equal(provider.pages_out, 0);
  assert_int_equal(provider.errors, 0);
  run_provider_close(&provider);
}

static void all_of_it_lies_there(void **state) {
  (void)state;
  slm_process_usage before = check_process_books();
  slm_heap *heap = open_heap();
  team_open(members, heap, TEAM_OBJECTS, 0);
  team_allocate(members);
  for (size_t m = 0; m < TEAM; m++)
    for (size_t i = 0; i < TEAM_OBJECTS; i++) {
      assert_true(is_in_arena(members[m].objects[i]) && slm_heap_owns(heap, members[m].objects[i]));
      assert_true(member_holds(&members[m], i));
    }
  void *giant = slm_heap_allocate_zeroed(heap, 100 * MIB), *aligned = slm_heap_allocate_aligned(heap, 2 * MIB, 3 * MIB);
  assert_true(is_in_arena(giant) && is_in_arena(aligned));
  assert_aligned(aligned, 2 * MIB);
  assert_true(bytes_are((char *)giant + 99 * MIB, MIB, 0));
  slm_process_usage now = check_process_books(); /* threads' own heaps aside, nothing of the process's was taken */
  assert_int_equal(now.bytes_slabs + now.bytes_large, before.bytes_slabs + before.bytes_large);
  assert_int_equal(now.bytes_metadata, before.bytes_metadata);
  assert_int_equal(heap_usage(heap).objects_live, TEAM * TEAM_OBJECTS + 2);
  close_heap(heap, TEAM * TEAM_OBJECTS + 2);
  assert_int_equal(misuses.count, 0);
}

/** Contents stay apart, whatever is freed, resized and zeroed; what is dirty at first is cleared. */
static void random_work(void **state) {
  (void)state;
  enum { OBJECTS = 400 };
  static unsigned char *objects[OBJECTS];
  static size_t sizes[OBJECTS];
  memset(objects, 0, sizeof objects);
  uint64_t random = suite_seed();
  run_provider_open(&provider, 4096);
  memset(provider.arena, 0xEE, 64 * MIB);
  slm_heap *heap = create_in(run_provider_both(&provider));
  size_t live = 0;
  for (size_t step = 0; step < rounds_of(20000, 8000); step++) {
    size_t i = random_below(&random, OBJECTS);
    size_t size = 1 + random_below(&random, random_below(&random, 40) == 0 ? 2 * MIB : 3000);
    if (objects[i] == NULL) {
      bool zeroed = random_below(&random, 3) == 0;
      objects[i] = zeroed ? slm_heap_allocate_zeroed(heap, size) : slm_heap_allocate(heap, size);
      assert_non_null(objects[i]);
      if (zeroed) assert_true(bytes_are(objects[i], size, 0));
      live++;
    } else {
      assert_true(pattern_ends_hold(objects[i], sizes[i], i));
      if (random_below(&random, 3) == 0) {
        assert_non_null(objects[i] = slm_heap_reallocate(heap, objects[i], size));
      } else {
        assert_ok(slm_heap_deallocate_sized(heap, objects[i], sizes[i]));
        objects[i] = NULL;
        live--;
        continue;
      }
    }
    sizes[i] = size;
    pattern_fill_ends(objects[i], size, i);
  }
  assert_int_equal(heap_usage(heap).objects_live, live);
  close_heap(heap, live);
  assert_int_equal(misuses.count, 0);
}

/** The heap of a buffer: no system call, and no byte outside. */
static void in_a_region(void **state) {
  (void)state;
  static SLM_ALIGNAS(65536) unsigned char buffer[4 * MIB];
  slm_region *region = slm_region_init(buffer, sizeof buffer, 4096, NULL);
  assert_non_null(region);
  size_t available = slm_region_available(region, 4096), count = 0;
  slm_heap *heap = create_in(slm_region_provider(region));
  assert_true((unsigned char *)heap > buffer && (unsigned char *)heap < buffer + sizeof buffer);
  static unsigned char *objects[10000];
  while (count < COUNT_OF(objects) && (objects[count] = slm_heap_allocate(heap, 500)) != NULL) {
    assert_true(objects[count] > buffer && objects[count] + 500 <= buffer + sizeof buffer);
    pattern_fill(objects[count], 500, count);
    count++;
  }
  /* Half of it at least; hardened a third, since each slab ends with a guard. */
  assert_true(count > sizeof buffer / (is_hardened() ? 3 : 2) / 600 && count < COUNT_OF(objects));
  void *out;
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_heap_allocate_with(heap, 8, 500, 0, &out));
  assert_refused(ENOMEM, slm_heap_allocate(heap, MIB));
  for (size_t i = 0; i < count; i++) {
    assert_true(pattern_holds(objects[i], 500, i));
    if (i % 2 == 0) assert_ok(slm_heap_deallocate(heap, objects[i]));
  }
  assert_non_null(slm_heap_allocate(heap, 500));
  heap_destroy(heap, count / 2 + 1);
  assert_int_equal(slm_region_available(region, 4096), available);
}

/** What is not needed goes back while the heap lives. */
static void free_segments_go_back(void **state) {
  (void)state;
  slm_heap *heap = open_heap();
  size_t at_first = provider.pages_out;
  void *large = slm_heap_allocate(heap, 10 * MIB);
  assert_non_null(large);
  assert_true(provider.pages_out > at_first + 10 * MIB / 4096);
  assert_ok(slm_heap_deallocate(heap, large));
  assert_ok(slm_heap_set_limits(heap, 0, 2 * MIB));
  assert_null(slm_heap_allocate(heap, 3 * MIB)); /* at the limit the heap looks for what it can give back */
  assert_int_equal(provider.pages_out, at_first);
  assert_ok(slm_heap_set_limits(heap, 0, 0));
  assert_non_null(slm_heap_allocate(heap, 10 * MIB));
  close_heap(heap, 1);
}

/** Objects stay usable when the provider has no more, at any call. */
static void a_provider_that_refuses(void **state) {
  (void)state;
  slm_heap *heap = open_heap();
  unsigned char *object = slm_heap_allocate(heap, 1000);
  void *out;
  pattern_fill(object, 1000, 1);
  provider.dry = true;
  size_t count = 0;
  while (slm_heap_allocate(heap, 1000) != NULL) count++;
  assert_true(count > 0);
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_heap_allocate_with(heap, 8, MIB, SLM_ZEROED, &out));
  assert_refused(ENOMEM, slm_heap_reallocate(heap, object, 5 * MIB));
  assert_true(pattern_holds(object, 1000, 1));
  provider.dry = false;
  provider.next =
      (void *)(provider.arena + RUN_ARENA_SIZE - 4096); /* misaligned: it goes back, and nothing is served */
  assert_null(slm_heap_allocate(heap, 5 * MIB));
  assert_null(provider.odd);
  assert_non_null(object = slm_heap_reallocate(heap, object, 5 * MIB));
  assert_true(pattern_holds(object, 1000, 1));
  close_heap(heap, count + 1);
}

static void what_is_refused(void **state) {
  (void)state;
  slm_options options = SLM_DEFAULT_OPTIONS;
  slm_status why = SLM_OK;
  run_provider_open(&provider, 4096);
  options.provider = run_provider_both(&provider);
  options.provider.allocate_run = NULL; /* pages alone, and a provider that is none */
  options.provider.release_run = NULL;
  assert_null(slm_heap_create(&options, &why));
  assert_status(SLM_ERR_INVALID_ARGUMENT, why);
  options.provider = run_provider_both(&provider);
  options.provider.release_run = NULL;
  assert_null(slm_heap_create(&options, &why));
  assert_status(SLM_ERR_INVALID_ARGUMENT, why);
  options.provider = run_provider_both(&provider);
  provider.dry = true;
  assert_null(slm_heap_create(&options, &why));
  assert_status(SLM_ERR_OUT_OF_MEMORY, why);
  provider.dry = false;
  provider.longest = 256 << 10;
  assert_null(slm_heap_create(&options, &why));
  assert_status(SLM_ERR_OUT_OF_MEMORY, why);
  provider.longest = 512 << 10; /* enough for some objects */
  slm_heap *heap = slm_heap_create(&options, &why);
  assert_non_null(heap);
  assert_non_null(slm_heap_allocate(heap, 100));
  close_heap(heap, 1);
}

/** Malloc does not know these objects, and the other way round. */
static void malloc_does_not_know_them(void **state) {
  (void)state;
  slm_heap *heap = open_heap(), *other = heap_create();
  void *object = slm_heap_allocate(heap, 40), *of_malloc = slm_malloc(40), *of_other = slm_heap_allocate(other, 40);
  assert_misuse(SLM_ERR_FOREIGN_POINTER, object, 0, slm_free(object));
  assert_misuse(SLM_ERR_FOREIGN_POINTER, object, 0, assert_null(slm_realloc(object, 100)));
  assert_misuse(SLM_ERR_FOREIGN_POINTER, object, 0, assert_int_equal(slm_usable_size(object), 0));
  size_t before = misuses.count;
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(heap, of_malloc));
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(heap, of_other));
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(other, object));
  assert_status(SLM_ERR_INTERIOR_POINTER, slm_heap_deallocate(heap, (char *)object + 8));
  assert_ok(slm_heap_deallocate(heap, object));
  assert_status(SLM_ERR_DOUBLE_FREE, slm_heap_deallocate(heap, object));
  assert_int_equal(misuses.count, before);
  slm_free(of_malloc);
  heap_destroy(other, 1);
  close_heap(heap, 0);
}

static bool count(void *context, void *object, size_t size, size_t class_index) {
  (void)object, (void)size, (void)class_index;
  ++*(size_t *)context;
  return true;
}

static void *work_in_it(void *argument) {
  member *self = argument;
  member_allocate(self);
  for (size_t round = 0; round < 3000; round++) {
    size_t i = round * 7 % self->count;
    self->faults += !member_holds(self, i) || slm_heap_deallocate(self->heap, self->objects[i]) != SLM_OK;
    self->objects[i] = slm_heap_allocate(self->heap, self->sizes[i]);
    if (self->objects[i] == NULL) return NULL;
    pattern_fill_ends(self->objects[i], self->sizes[i], self->index * TEAM_OBJECTS + i);
  }
  return NULL;
}

static void walks_limits_and_threads(void **state) {
  (void)state;
  slm_heap *heap = open_heap();
  size_t calls = 0;
  team_open(members, heap, TEAM_OBJECTS, 0);
  on_threads(TEAM, work_in_it, members, sizeof members[0]);
  for (size_t i = 0; i < TEAM; i++) assert_int_equal(members[i].faults, 0);
  assert_ok(slm_heap_for_each(heap, count, &calls));
  assert_int_equal(calls, TEAM * TEAM_OBJECTS);
  for (size_t m = 0; m < TEAM; m++) /* by a thread that did not allocate them */
    for (size_t i = 0; i < TEAM_OBJECTS; i += 2) assert_ok(slm_heap_deallocate(heap, members[m].objects[i]));
  void *out;
  assert_ok(slm_heap_set_limits(heap, 0, heap_usage(heap).bytes_held + MIB));
  assert_status(SLM_ERR_LIMIT, slm_heap_allocate_with(heap, 8, 20 * MIB, 0, &out));
  calls = 0;
  size_t live = 0;
  heap_usage(heap);
  assert_ok(slm_heap_destroy_with(heap, count, &calls, &live));
  assert_int_equal(calls, TEAM * TEAM_OBJECTS / 2);
  assert_int_equal(live, calls);
  assert_int_equal(provider.pages_out, 0);
  assert_int_equal(provider.errors, 0);
  run_provider_close(&provider);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(all_of_it_lies_there),
      misuse_test(random_work),
      misuse_test(in_a_region),
      misuse_test(free_segments_go_back),
      misuse_test(a_provider_that_refuses),
      misuse_test(what_is_refused),
      misuse_test(malloc_does_not_know_them),
      misuse_test(walks_limits_and_threads),
  };
  return cmocka_run_group_tests_name("slm_heap in a provider's memory", tests, NULL, NULL);
}
