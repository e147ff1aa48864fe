/* The heap profile in C. At rate 1 every object is a sample, but for one in 8 million of 16 bytes: what it says is then
 * known exactly. */
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/process_misuse.h"
#include "../support/sampled.h"

static void nothing_is_sampled_yet(void **state) {
  (void)state;
  dump d = {0};
  errno = 4711;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_sample_dump(SLM_SAMPLE_TEXT, dump_add, &d));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_sample_stop());
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_sample_start(0));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_sample_start((UINT64_C(1) << 40) + 1));
  assert_ok(slm_sample_start(UINT64_C(1) << 40));
  assert_status(SLM_ERR_IN_USE, slm_sample_start(1));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_sample_dump(3, dump_add, &d));
  assert_ok(slm_sample_stop());
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_sample_stop());
  assert_int_equal(errno, 4711);
  assert_int_equal(d.length, 0);
}

/** Starts anew. */
static void start(size_t rate) {
  slm_sample_stop();
  assert_ok(slm_sample_start(rate));
}

#define assert_sampled(objects, size, ever, ever_bytes)                                                                \
  do {                                                                                                                 \
    sampled s_ = sampled_heading(SLM_SAMPLE_TEXT);                                                                     \
    assert_int_equal(s_.live, (objects));                                                                              \
    assert_int_equal(s_.live_bytes, (size));                                                                           \
    assert_int_equal(s_.all, (ever));                                                                                  \
    assert_int_equal(s_.all_bytes, (ever_bytes));                                                                      \
  } while (0)

/** Slots of 1024 and 2048 bytes hold these in every profile. */
enum { SMALL = 1000, SLOT = 1024, MORE = 2000, MORE_SLOT = 2048, PAGES = 1 << 18, MORE_PAGES = 1 << 20 };

static void each_kind_of_allocation(void **state) {
  (void)state;
  start(1);
  void *object = slm_malloc(SMALL), *zeroed = slm_calloc(10, SMALL / 10), *aligned = slm_aligned_alloc(64, SMALL - 40);
  assert_sampled(3, 3 * SLOT, 3, 3 * SLOT);
  assert_true(slm_usable_size(object) >= SMALL);
  for (size_t i = 0; i < SMALL; i++) assert_int_equal(((char *)zeroed)[i], 0);
  object = slm_realloc(object, SMALL - 1); /* stays where it is */
  assert_sampled(3, 3 * SLOT, 3, 3 * SLOT);
  object = slm_realloc(object, MORE);
  assert_sampled(3, 2 * SLOT + MORE_SLOT, 4, 3 * SLOT + MORE_SLOT);
  slm_free_sized(object, MORE);
  slm_free_aligned_sized(aligned, 64, SMALL - 40);
  slm_free(zeroed);
  assert_sampled(0, 0, 4, 3 * SLOT + MORE_SLOT);
  assert_ok(slm_sample_stop());
}

static void large_objects(void **state) {
  (void)state;
  start(1);
  void *object = slm_malloc(PAGES), *zeroed = slm_calloc(1, PAGES), *aligned = slm_aligned_alloc(1 << 16, PAGES);
  assert_sampled(3, 3 * PAGES, 3, 3 * PAGES);
  object = slm_realloc(object, MORE_PAGES);
  assert_sampled(3, 2 * PAGES + MORE_PAGES, 4, 3 * PAGES + MORE_PAGES);
  object = slm_realloc(object, PAGES); /* in place */
  assert_sampled(3, 3 * PAGES, 5, 4 * PAGES + MORE_PAGES);
  object = slm_realloc(object, SMALL); /* no longer large */
  assert_sampled(3, 2 * PAGES + SLOT, 6, 4 * PAGES + MORE_PAGES + SLOT);
  object = slm_realloc(object, PAGES);
  assert_sampled(3, 3 * PAGES, 7, 5 * PAGES + MORE_PAGES + SLOT);
  /* A mapping of its own grows and moves with its pages. */
  object = slm_realloc(object, (size_t)64 << 20);
  object = slm_realloc(object, (size_t)512 << 20);
  assert_int_equal(sampled_heading(SLM_SAMPLE_TEXT).live_bytes, 2 * PAGES + ((size_t)512 << 20));
  slm_free(object);
  slm_free(zeroed);
  slm_free(aligned);
  assert_int_equal(sampled_heading(SLM_SAMPLE_TEXT).live, 0);
  assert_ok(slm_sample_stop());
}

static void *free_it(void *object) {
  slm_free(object);
  return NULL;
}

static void *allocate_and_end(void *size) { return slm_malloc((size_t)size); }

static void in_thread(void *(*body)(void *), void *argument, void **result) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, body, argument), 0);
  assert_int_equal(pthread_join(thread, result), 0);
}

static void threads_free_what_others_allocated(void **state) {
  (void)state;
  start(1);
  void *object;
  unsigned long long before = sampled_heading(SLM_SAMPLE_TEXT).live_bytes;
  in_thread(allocate_and_end, (void *)SMALL, &object); /* the thread has ended, the object lives */
  assert_int_equal(sampled_heading(SLM_SAMPLE_TEXT).live_bytes, before + SLOT);
  slm_free(object);
  assert_int_equal(sampled_heading(SLM_SAMPLE_TEXT).live_bytes, before);
  for (size_t size = SMALL; size <= MORE_PAGES; size *= 32) {
    object = slm_malloc(size);
    assert_true(sampled_heading(SLM_SAMPLE_TEXT).live_bytes > before);
    in_thread(free_it, object, NULL);
    assert_int_equal(sampled_heading(SLM_SAMPLE_TEXT).live_bytes, before);
  }
  assert_ok(slm_sample_stop());
}

static pthread_barrier_t barrier;

static void *allocate_when_started(void *unused) {
  slm_free(slm_malloc(SMALL)); /* the thread has its heap */
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  slm_free(slm_malloc(MORE));
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  slm_free(slm_malloc(MORE));
  return unused;
}

static void threads_that_run_already_are_sampled(void **state) {
  (void)state;
  pthread_t thread;
  assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
  assert_int_equal(pthread_create(&thread, NULL, allocate_when_started, NULL), 0);
  pthread_barrier_wait(&barrier);
  start(1);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  assert_sampled(0, 0, 1, MORE_SLOT);
  assert_ok(slm_sample_stop());
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  assert_sampled(0, 0, 1, MORE_SLOT);
  pthread_barrier_destroy(&barrier);
}

static __attribute__((noinline)) void *allocate_here(size_t size) {
  void *volatile object = slm_malloc(size);
  return object;
}

static void stacks_start_at_the_caller(void **state) {
  (void)state;
  start(1);
  void *objects[3];
  for (size_t i = 0; i < COUNT_OF(objects); i++) objects[i] = allocate_here(SMALL);
  void *other = slm_malloc(SMALL);
  sampled here = sampled_in(SLM_SAMPLE_TEXT, (const void *)allocate_here, SLOT);
  assert_int_equal(here.live, 3);
  assert_int_equal(here.live_bytes, 3 * SLOT);
  for (size_t i = 0; i < COUNT_OF(objects); i++) slm_free(objects[i]);
  slm_free(other);
  here = sampled_in(SLM_SAMPLE_TEXT, (const void *)allocate_here, SLOT);
  assert_int_equal(here.live, 0);
  assert_int_equal(here.all, 3);
  assert_ok(slm_sample_stop());
}

static void the_peak_is_that_of_all(void **state) {
  (void)state;
  enum { COUNT = 100 };
  void *objects[COUNT];
  start(1);
  for (size_t i = 0; i < COUNT; i++) objects[i] = slm_malloc(SMALL);
  for (size_t i = 0; i < COUNT / 2; i++) slm_free(objects[i]);
  /* Another stack, which was not there at the peak. */
  void *late = allocate_here(MORE);
  sampled peak = sampled_heading(SLM_SAMPLE_PEAK_TEXT);
  assert_int_equal(peak.live, COUNT);
  assert_int_equal(peak.live_bytes, COUNT * SLOT);
  assert_int_equal(sampled_in(SLM_SAMPLE_PEAK_TEXT, (const void *)allocate_here, MORE_SLOT).live, 0);
  assert_int_equal(sampled_heading(SLM_SAMPLE_TEXT).live, COUNT / 2 + 1);
  /* A higher peak. */
  void *larger = slm_malloc(PAGES);
  peak = sampled_heading(SLM_SAMPLE_PEAK_TEXT);
  assert_int_equal(peak.live, COUNT / 2 + 2);
  assert_int_equal(peak.live_bytes, COUNT / 2 * SLOT + MORE_SLOT + PAGES);
  for (size_t i = COUNT / 2; i < COUNT; i++) slm_free(objects[i]);
  slm_free(late);
  slm_free(larger);
  assert_int_equal(sampled_heading(SLM_SAMPLE_PEAK_TEXT).live_bytes, peak.live_bytes);
  assert_ok(slm_sample_stop());
}

static void after_stop_objects_only_leave(void **state) {
  (void)state;
  start(1);
  void *first = slm_malloc(SMALL), *second = slm_malloc(SMALL), *large = slm_malloc(PAGES);
  assert_ok(slm_sample_stop());
  void *later = slm_malloc(SMALL);
  assert_sampled(3, 2 * SLOT + PAGES, 3, 2 * SLOT + PAGES);
  slm_free(first);
  assert_sampled(2, SLOT + PAGES, 3, 2 * SLOT + PAGES);
  /* Another profile knows nothing of them. */
  start(1);
  assert_sampled(0, 0, 0, 0);
  slm_free(second);
  slm_free(large);
  slm_free(later);
  assert_sampled(0, 0, 0, 0);
  assert_ok(slm_sample_stop());
}

static void misuse_of_samples_is_reported(void **state) {
  (void)state;
  start(1);
  char *object = slm_malloc(SMALL), *volatile inside = object + 16, *volatile stale = object;
  assert_misuse(SLM_ERR_INTERIOR_POINTER, inside, SLOT, slm_free(inside));
  assert_misuse(SLM_ERR_LAYOUT_MISMATCH, stale, SLOT, slm_free_sized(stale, 10));
  assert_sampled(1, SLOT, 1, SLOT);
  slm_free(object);
  assert_misuse(SLM_ERR_DOUBLE_FREE, stale, SLOT, slm_free(stale));
  assert_sampled(0, 0, 1, SLOT);
  assert_ok(slm_sample_stop());
}

static void statistics_count_samples(void **state) {
  (void)state;
  slm_process_usage usage = {.struct_size = sizeof usage};
  assert_ok(slm_process_statistics(&usage));
  uint64_t before = 0, after = 0;
  start(1);
  for (int round = 0; round < 2; round++) {
    uint64_t *count = round == 0 ? &before : &after;
    for (size_t i = 0; i < usage.class_count; i++) {
      slm_class_statistics class = {.struct_size = sizeof class};
      assert_ok(slm_process_class_statistics(i, &class));
      *count += class.slots_live;
    }
    if (round == 0)
      for (size_t i = 0; i < 100; i++) assert_non_null(slm_malloc(SMALL));
  }
  assert_int_equal(after - before, 100);
  assert_ok(slm_sample_stop());
}

static void the_child_of_a_fork_goes_on(void **state) {
  (void)state;
  start(1);
  void *object = slm_malloc(SMALL), *other = slm_malloc(SMALL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    slm_free(object);
    void *volatile more = slm_malloc(MORE);
    sampled s = sampled_heading(SLM_SAMPLE_TEXT);
    _exit(more != NULL && s.live == 2 && s.live_bytes == SLOT + MORE_SLOT && s.all == 3 ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_sampled(2, 2 * SLOT, 2, 2 * SLOT);
  slm_free(object);
  slm_free(other);
  assert_ok(slm_sample_stop());
}

/** The writer may use malloc. */
static void allocate_in_writer(void *context, const char *text, size_t length) {
  char *copy = slm_malloc(length);
  assert_non_null(copy);
  memcpy(copy, text, length);
  *(size_t *)context += length;
  slm_free(copy);
}

static void writers_may_allocate(void **state) {
  (void)state;
  start(1);
  void *object = slm_malloc(SMALL);
  for (uint32_t form = SLM_SAMPLE_TEXT; form <= SLM_SAMPLE_PPROF; form++) {
    size_t length = 0;
    assert_ok(slm_sample_dump(form, allocate_in_writer, &length));
    assert_true(length > 100);
  }
  slm_free(object);
  assert_int_equal(sampled_heading(SLM_SAMPLE_TEXT).live, 0);
  assert_ok(slm_sample_stop());
}

/** Lines of /proc/self/maps. */
static size_t mappings(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  size_t lines = 0;
  for (int c; (c = getc(maps)) != EOF;) lines += c == '\n';
  fclose(maps);
  return lines;
}

static void profiles_leave_no_memory_behind(void **state) {
  (void)state;
  size_t before = 0;
  for (size_t i = 0; i < 200; i++) {
    if (i == 10) before = mappings();
    start(1);
    for (size_t j = 0; j < 2000; j++) slm_free(slm_malloc(16 + j));
    assert_ok(slm_sample_stop());
  }
  assert_in_range(mappings(), before - 8, before + 8);
}

/** The number of bytes that a reader makes of a line: its samples, scaled by its own size. */
static double scaled(unsigned long long samples, double size, double rate) {
  double chance = 0, term = size / rate; /* 1 - exp(-size / rate) */
  for (int i = 2; i < 60; i++) chance += term, term *= -size / rate / i;
  return (double)samples * size / chance;
}

static void samples_stand_for_all_bytes(void **state) {
  (void)state;
  /* 3 to 86 of 100 objects are samples. 3 of 100 is ten standard deviations of each sum. */
  for (size_t size = 64; size <= 4096; size *= 8) {
    size_t count = size == 64 ? 4000000 : 400000, slot = 0;
    start(2048);
    for (size_t i = 0; i < count; i++) {
      void *volatile object = slm_malloc(size);
      slot = slm_usable_size(object);
      slm_free(object);
    }
    sampled s = sampled_heading(SLM_SAMPLE_TEXT);
    double slot_bytes = (double)s.all_bytes / (double)s.all;
    assert_true(slot_bytes >= (double)slot);
    double ratio = scaled(s.all, slot_bytes, 2048) / ((double)count * slot_bytes);
    if (ratio < 0.97 || ratio > 1.03) fail_msg("%zu bytes: %f of what was allocated", size, ratio);
    assert_ok(slm_sample_stop());
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_sampled_yet),
      cmocka_unit_test(each_kind_of_allocation),
      cmocka_unit_test(large_objects),
      cmocka_unit_test(threads_free_what_others_allocated),
      cmocka_unit_test(threads_that_run_already_are_sampled),
      cmocka_unit_test(stacks_start_at_the_caller),
      cmocka_unit_test(the_peak_is_that_of_all),
      cmocka_unit_test(after_stop_objects_only_leave),
      misuse_test(misuse_of_samples_is_reported),
      cmocka_unit_test(statistics_count_samples),
      cmocka_unit_test(the_child_of_a_fork_goes_on),
      cmocka_unit_test(writers_may_allocate),
      cmocka_unit_test(profiles_leave_no_memory_behind),
      cmocka_unit_test(samples_stand_for_all_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
