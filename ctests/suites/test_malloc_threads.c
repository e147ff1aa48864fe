/* Threads that come and go, with and without live objects: what they leave is used by those that follow. */
#include "../support/process_books.h"
#include "../support/process_threads.h"
#include "../support/process_work.h"

#include <limits.h>

enum { COUNT = 1000, SIZE = 200 };

static void heaps_are_counted(void **state) {
  (void)state;
  slm_free(slm_malloc(1)); /* this thread has one */
  uint64_t heaps = process_statistics().heaps;
  assert_true(heaps >= 1);
  for (size_t i = 0; i < 50; i++) {
    void *objects[10];
    load l = {objects, COUNT_OF(objects), SIZE};
    on_thread(allocate_load, &l);
    assert_int_equal(process_statistics().heaps, heaps);
    assert_null(free_load(&l));
    check_process_books();
  }
}

enum { AT_ONCE = 8 };
static pthread_barrier_t all_have_worked;

/** A thread ends only when all have worked, so that all heaps exist at once in each round, however threads are
 *  scheduled. */
static void *work_a_little(void *member) {
  size_t *faults = member;
  *faults += work((uintptr_t)member, 3000);
  pthread_barrier_wait(&all_have_worked);
  return NULL;
}

static void many_short_threads(void **state) {
  (void)state;
  size_t rounds = rounds_of(60, 24);
  static size_t faults[AT_ONCE];
  uint64_t heaps = process_statistics().heaps, settled = 0;
  size_t before = resident_mib();
  assert_int_equal(pthread_barrier_init(&all_have_worked, NULL, AT_ONCE), 0);
  for (size_t round = 0; round < rounds; round++) {
    on_threads(AT_ONCE, work_a_little, faults, sizeof faults[0]);
    for (size_t i = 0; i < AT_ONCE; i++) assert_int_equal(faults[i], 0);
    slm_process_usage now = check_process_books();
    assert_int_equal(now.heaps, heaps);
    assert_int_equal(now.large_live, 0);
    /* Each round does the same, but for how many large objects are live at once: a late round with more of them may
     * take a segment or two of its own, which are as large as a part of what is held. */
    uint64_t held = now.bytes_taken - now.bytes_given_back;
    if (round <= rounds / 4) settled = held > settled ? held : settled;
    else assert_true(held <= 2 * settled);
    /* Which of the memory held is resident depends on where the heaps of each round lie. There is no more than held. */
    assert_true(resident_mib() <= before + held / MIB + 16);
  }
  pthread_barrier_destroy(&all_have_worked);
}

/** Objects outlive their thread; another thread frees them, and the memory is used again. */
static void live_objects_are_left_behind(void **state) {
  (void)state;
  enum { GENERATIONS = 4, ROUNDS = 200 };
  static void *objects[GENERATIONS][COUNT];
  uint64_t start = check_process_books().bytes_slabs;
  for (size_t round = 0; round < ROUNDS + GENERATIONS; round++) {
    load l = {objects[round % GENERATIONS], COUNT, SIZE};
    if (round >= GENERATIONS) {
      if (round % 2 == 0) assert_null(free_load(&l));
      else assert_null(on_thread(free_load, &l));
    }
    if (round < ROUNDS) on_thread(allocate_load, &l);
    assert_true(check_process_books().bytes_slabs <= start + 4 * GENERATIONS * COUNT * SIZE + slab_of_each_class());
  }
  slm_process_purge();
  assert_true(check_process_books().bytes_slabs <= start + COUNT * SIZE + slab_of_each_class());
}

typedef struct sparse {
  void *kept[COUNT];
  size_t count;
} sparse;

/** One object in ten stays: the slabs that hold them are mostly empty. */
static void *leave_a_few(void *argument) {
  sparse *s = argument;
  static _Thread_local void *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) objects[i] = slm_malloc(SIZE);
  for (size_t i = 0; i < COUNT; i++) {
    if (i % 10 == 0) {
      pattern_fill(objects[i], SIZE, s->count);
      s->kept[s->count++] = objects[i];
    } else {
      slm_free(objects[i]);
    }
  }
  return NULL;
}

/** The free slots of slabs whose thread has ended serve other threads. */
static void slabs_are_adopted(void **state) {
  (void)state;
  enum { ROUNDS = 100, KEPT = COUNT / 10 };
  static sparse rounds[ROUNDS];
  uint64_t start = check_process_books().bytes_slabs;
  for (size_t round = 0; round < ROUNDS; round++) on_thread(leave_a_few, &rounds[round]);
  uint64_t end = check_process_books().bytes_slabs;
  /* What is live, one thread's working set, and some; without adoption it would be ROUNDS working sets. */
  assert_true(end <= start + 2 * ROUNDS * KEPT * SIZE + 4 * COUNT * SIZE + slab_of_each_class());
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < rounds[round].count; i++) {
      assert_true(pattern_holds(rounds[round].kept[i], SIZE, i));
      slm_free_sized(rounds[round].kept[i], SIZE);
    }
  }
  slm_process_purge();
  assert_true(check_process_books().bytes_slabs <= start + 2 * COUNT * SIZE + slab_of_each_class());
}

/** Destructors of thread-specific data run when the thread, or its heap, is nearly gone. */
static pthread_key_t keys[6];
static size_t destructor_faults;

static void allocate_at_the_end(void *value) {
  size_t *laps = value;
  destructor_faults += work(laps[0], 500) + (slm_usable_size(laps) < 64);
  size_t left = laps[1];
  pthread_key_t key = (pthread_key_t)laps[2];
  slm_free(laps);
  if (left == 0) return;
  size_t *next = slm_malloc(64);
  next[0] = left;
  next[1] = left - 1;
  next[2] = key;
  pthread_setspecific(key, next); /* once more round */
}

static void *use_keys(void *argument) {
  (void)argument;
  for (size_t i = 0; i < COUNT_OF(keys); i++) {
    size_t *laps = slm_malloc(64);
    laps[0] = i;
    laps[1] = i % PTHREAD_DESTRUCTOR_ITERATIONS; /* to the last time that destructors run */
    laps[2] = keys[i];
    pthread_setspecific(keys[i], laps);
  }
  return NULL;
}

static void destructors_allocate_and_free(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(keys); i++) assert_int_equal(pthread_key_create(&keys[i], allocate_at_the_end), 0);
  uint64_t heaps = process_statistics().heaps;
  uint64_t start = check_process_books().bytes_slabs;
  for (size_t i = 0; i < 100; i++) on_thread(use_keys, NULL);
  assert_int_equal(destructor_faults, 0);
  slm_process_usage end = check_process_books();
  assert_int_equal(end.heaps, heaps);
  assert_int_equal(end.large_live, 0);
  assert_true(end.bytes_slabs <= start + 2 * slab_of_each_class());
  for (size_t i = 0; i < COUNT_OF(keys); i++) pthread_key_delete(keys[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(heaps_are_counted),  cmocka_unit_test(live_objects_are_left_behind),
      cmocka_unit_test(slabs_are_adopted),  cmocka_unit_test(destructors_allocate_and_free),
      cmocka_unit_test(many_short_threads),
  };
  return cmocka_run_group_tests_name("slm_malloc threads that end", tests, NULL, NULL);
}
