/* What a thread costs while it lives, and what is left of threads and heaps that ended. */
#include "../support/process_books.h"
#include "../support/process_sizes.h"
#include "../support/process_threads.h"

#include <unistd.h>

enum { THREADS = 1000, HEAPS = 10000 };

static const size_t sizes[] = {64, 256, 32, 1000, 128, 500, 2000, 96};

static struct {
  pthread_barrier_t all_live, may_end;
  size_t classes;
  bool are_detached;
} shared;

/** Has an object of each class, and has freed another. */
static void *live(void *unused) {
  void *objects[COUNT_OF(sizes)];
  for (size_t i = 0; i < shared.classes; i++) {
    void *other = memset(slm_malloc(sizes[i]), 1, sizes[i]);
    objects[i] = memset(slm_malloc(sizes[i]), 1, sizes[i]);
    slm_free(other);
  }
  pthread_barrier_wait(&shared.all_live);
  pthread_barrier_wait(&shared.may_end);
  for (size_t i = 0; i < shared.classes; i++) slm_free(objects[i]);
  return unused;
}

static size_t live_heaps(void) {
  slm_process_usage statistics = {.struct_size = sizeof statistics};
  assert_ok(slm_process_statistics(&statistics));
  return statistics.heaps;
}

/** MiB that the process has while all threads live, each with objects of so many classes. A MiB is a KiB a thread. */
static size_t resident_of_threads(size_t classes) {
  static pthread_t threads[THREADS];
  pthread_attr_t attributes;
  assert_int_equal(pthread_attr_init(&attributes), 0);
  assert_int_equal(pthread_attr_setstacksize(&attributes, 64 << 10), 0);
  if (shared.are_detached) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  shared.classes = classes;
  pthread_barrier_init(&shared.all_live, NULL, THREADS + 1);
  pthread_barrier_init(&shared.may_end, NULL, THREADS + 1);
  for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], &attributes, live, NULL), 0);
  pthread_barrier_wait(&shared.all_live);
  size_t resident = resident_mib();
  pthread_barrier_wait(&shared.may_end);
  for (size_t i = 0; i < THREADS && !shared.are_detached; i++) pthread_join(threads[i], NULL);
  /* A heap is given back in its thread's last moments. The test's own thread has none yet. */
  while (shared.are_detached && live_heaps() > 0) usleep(1000);
  pthread_barrier_destroy(&shared.all_live);
  pthread_barrier_destroy(&shared.may_end);
  pthread_attr_destroy(&attributes);
  return resident;
}

/** 24 KiB for a thread that uses one size class, of which 8 are the thread's own, and 8 KiB for each further class. A
 *  hardened process takes random slots, and touches more pages. */
static void a_live_thread_costs_little(void **state) {
  (void)state;
  size_t without = resident_of_threads(0);
  assert_in_range(resident_of_threads(1), 0, without + 24 - 8);
  slm_process_purge();
  assert_in_range(resident_of_threads(8), 0, without + 24 - 8 + 7 * (is_hardened() ? 13 : 8));
}

/** After slm_process_purge(), joined threads and detached ones leave next to nothing. */
static void threads_that_ended_leave_little(void **state) {
  (void)state;
  slm_process_purge();
  size_t before = resident_mib();
  for (int round = 0; round < 2; round++) {
    shared.are_detached = round == 1;
    resident_of_threads(1);
    assert_int_equal(live_heaps(), 0);
    slm_process_purge();
    assert_in_range(resident_mib(), 0, before + 3);
  }
  shared.are_detached = false;
}

/** Nobody asks for it: after the purge delay, at the next calls that look at the clock. */
static void memory_of_ended_threads_goes_by_itself(void **state) {
  (void)state;
  slm_process_purge();
  size_t before = resident_mib();
  resident_of_threads(4);
  for (int tries = 0; tries < 1000 && resident_mib() > before + 4; tries++) {
    usleep(25000);
    slm_free(slm_malloc(1 << 20));
  }
  assert_in_range(resident_mib(), 0, before + 4);
}

static void heaps_that_were_destroyed_leave_little(void **state) {
  (void)state;
  static slm_heap *heaps[HEAPS];
  slm_process_purge();
  size_t before = resident_mib();
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < HEAPS; i++) {
      assert_non_null(heaps[i] = slm_heap_create(NULL, NULL));
      assert_non_null(slm_heap_allocate(heaps[i], 64));
    }
    for (size_t i = 0; i < HEAPS; i++) assert_ok(slm_heap_destroy(heaps[i], NULL));
    slm_process_purge();
    assert_in_range(resident_mib(), 0, before + 15);
  }
  /* Their addresses stay heaps' that do not exist. */
  assert_int_equal(slm_heap_destroy(heaps[0], NULL), SLM_ERR_NOT_INITIALIZED);
  assert_null(slm_heap_allocate(heaps[HEAPS - 1], 64));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_live_thread_costs_little),
      cmocka_unit_test(threads_that_ended_leave_little),
      cmocka_unit_test(memory_of_ended_threads_goes_by_itself),
      cmocka_unit_test(heaps_that_were_destroyed_leave_little),
  };
  return cmocka_run_group_tests_name("slm_malloc memory of threads and heaps", tests, NULL, NULL);
}
