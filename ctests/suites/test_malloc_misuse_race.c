/* Several threads free the same objects at the same time. For each object one of them succeeds and the others are
 * reported; when a slab's owner and another thread meet at the same slot, that may be found only later, when the owner
 * collects. */
#include "../support/process_misuse.h"
#include "../support/process_threads.h"
#include "../support/process_work.h"

enum { RACERS = 4, PRIZES = 300 };
static load prizes;
static pthread_barrier_t start_line;
/** Of all races of a test, as some are reported in a later one. */
static size_t wrong_frees;

/** Half of the racers go through the objects from their end. */
static void *free_the_same(void *backwards) {
  pthread_barrier_wait(&start_line);
  for (size_t i = 0; i < prizes.count; i++) slm_free(prizes.objects[backwards != NULL ? prizes.count - 1 - i : i]);
  return NULL;
}

/** The owner frees too, or only those do that have no slab of these objects. */
static void race(size_t size, size_t count, bool with_owner) {
  static void *objects[PRIZES];
  pthread_t threads[RACERS];
  prizes = (load){objects, count, size};
  allocate_load(&prizes);
  size_t before = misuses.count;
  pthread_barrier_init(&start_line, NULL, RACERS + 1);
  for (size_t i = 0; i < RACERS; i++) {
    void *backwards = i % 2 != 0 ? &prizes : NULL;
    assert_int_equal(pthread_create(&threads[i], NULL, free_the_same, backwards), 0);
  }
  if (with_owner) free_the_same(NULL);
  else pthread_barrier_wait(&start_line);
  for (size_t i = 0; i < RACERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  pthread_barrier_destroy(&start_line);
  size_t wrong = (with_owner ? RACERS : RACERS - 1) * count;
  wrong_frees += wrong;
  if (size > SLM_MAX_SIZE) assert_int_equal(misuses.count, before + wrong);
  else assert_true(misuses.count > before + wrong - count);
  for (size_t round = 0; round < 2; round++) { /* nothing is handed out twice */
    allocate_load(&prizes);
    assert_disjoint(objects, count, slm_good_size(size));
    assert_null(free_load(&prizes));
  }
  assert_true(misuses.count <= wrong_frees); /* and no right free is reported */
}

static void races(bool with_owner) {
  static const size_t sizes[] = {16, 500, 3000, 40000, SLM_MAX_SIZE, SLM_MAX_SIZE + 1};
  wrong_frees = 0;
  for (size_t round = 0, rounds = rounds_of(80, 40); round < rounds; round++)
    for (size_t i = 0; i < COUNT_OF(sizes); i++) race(sizes[i], sizes[i] > 10000 ? 10 : PRIZES, with_owner);
  assert_int_equal(work(1, 50000), 0);
}

static void of_other_threads(void **state) {
  (void)state;
  races(false);
}

static void of_the_owner_and_others(void **state) {
  (void)state;
  races(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(of_other_threads),
      misuse_test(of_the_owner_and_others),
  };
  return cmocka_run_group_tests_name("slm_malloc racing frees", tests, NULL, NULL);
}
