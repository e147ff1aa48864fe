/* Resident memory where threads have gone to sleep for good, with heaps full of free memory: it goes back all the same.
 * */
#include "../support/preload.h"

typedef struct sleeper {
  pthread_t thread;
  pthread_barrier_t *ready, *wake;
  void **objects;
  size_t count, size;
} sleeper;

static void fill(sleeper *s) {
  for (size_t i = 0; i < s->count; i++) {
    if ((s->objects[i] = malloc(s->size)) == NULL) abort();
    memset(s->objects[i], 1, s->size);
  }
  pthread_barrier_wait(s->ready);
  pthread_barrier_wait(s->ready);
}

static void sleep_until_woken(sleeper *s) {
  pthread_barrier_wait(s->ready);
  pthread_barrier_wait(s->wake);
}

static void *free_own_and_sleep(void *argument) {
  sleeper *s = argument;
  fill(s);
  for (size_t i = 0; i < s->count; i++) free(s->objects[i]);
  sleep_until_woken(s);
  return NULL;
}

static void *leave_to_others_and_sleep(void *argument) {
  fill(argument);
  sleep_until_woken(argument);
  return NULL;
}

static void sleep_with_free_memory(size_t count, size_t size, bool freed_by_others) {
  enum { SLEEPERS = 4 };
  static void *objects[SLEEPERS][200000];
  memset(objects, 0, sizeof objects);
  sleeper sleepers[SLEEPERS];
  pthread_barrier_t ready, wake;
  pthread_barrier_init(&ready, NULL, SLEEPERS + 1);
  pthread_barrier_init(&wake, NULL, SLEEPERS + 1);
  size_t before = resident_settled();
  for (size_t i = 0; i < SLEEPERS; i++) {
    sleepers[i] = (sleeper){.ready = &ready, .wake = &wake, .objects = objects[i], .count = count, .size = size};
    start_thread(&sleepers[i].thread, freed_by_others ? leave_to_others_and_sleep : free_own_and_sleep, &sleepers[i]);
  }
  pthread_barrier_wait(&ready); /* all is allocated */
  size_t all = SLEEPERS * count * size, during = resident();
  pthread_barrier_wait(&ready); /* it may be freed */
  pthread_barrier_wait(&ready); /* they sleep, or are about to */
  if (freed_by_others)
    for (size_t i = 0; i < SLEEPERS; i++)
      for (size_t j = 0; j < count; j++) free(objects[i][j]);
  /* Only this thread works now, and the memory of those that sleep goes back all the same: nine tenths of it. */
  size_t after = resident_after_purge(before + all / 10);
  pthread_barrier_wait(&wake);
  for (size_t i = 0; i < SLEEPERS; i++) join_thread(sleepers[i].thread);
  print_message("%zu bytes: resident %zu KiB before, %zu KiB during, %zu KiB after\n", size, before / KIB, during / KIB,
                after / KIB);
  assert_true(during >= before + all * 8 / 10);
  assert_true(after <= before + all / 10);
}

static void threads_that_freed_all_and_sleep(void **state) {
  (void)state;
  sleep_with_free_memory(100000, 200, false);
  sleep_with_free_memory(1000, 20000, false);
  sleep_with_free_memory(40, 600000, false);
}

static void threads_that_sleep_while_others_free(void **state) {
  (void)state;
  sleep_with_free_memory(100000, 200, true);
  sleep_with_free_memory(1000, 20000, true);
  sleep_with_free_memory(40, 600000, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(threads_that_freed_all_and_sleep),
      cmocka_unit_test(threads_that_sleep_while_others_free),
  };
  return cmocka_run_group_tests_name("preload resident memory, threads that sleep", tests, NULL, NULL);
}
