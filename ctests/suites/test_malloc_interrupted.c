/* What interrupts an allocation after any of its instructions: a signal's handler, or another thread in the same heap.
 * What is forbidden is not found; these tests show what it comes to. */
#include "../support/interrupt.h"
#include "../support/process_books.h"
#include "../support/process_misuse.h"

#include <pthread.h>
#include <semaphore.h>

enum { SIZE = 40, READY = 20, MORE = 600, PATIENCE = 60 };

static void *object, *other, *more[MORE];
static slm_heap *heap;

static void *allocate_more(void) { return heap != NULL ? slm_heap_allocate(heap, SIZE) : slm_malloc(SIZE); }

/** Some slots are ready, as in a program that has worked for a while. Nothing is purged, which takes more steps and a
 * lock. */
static void prepare(void) {
  retain_everything();
  slm_process_set_misuse_handler((slm_misuse_handler){record_misuse, &misuses});
  for (size_t i = 0; i < READY; i++) more[i] = allocate_more();
  for (size_t i = 0; i < READY; i++) slm_free(more[i]);
  other = NULL;
}

static void allocate(void) { object = allocate_more(); }

/** An object is not handed out a second time while it lives. A hardened heap may find that it is written to. */
static bool is_broken(void) {
  if (object == NULL || object == other) return true;
  memset(object, 1, SIZE);
  if (other != NULL) memset(other, 2, SIZE);
  bool is_twice = false;
  for (size_t i = 0; i < MORE; i++) {
    more[i] = allocate_more();
    is_twice = is_twice || more[i] == object || more[i] == other || more[i] == NULL;
  }
  return is_twice || misuses.count > 0 || !bytes_are(object, SIZE, 1) || (other != NULL && !bytes_are(other, SIZE, 2));
}

static volatile sig_atomic_t signals;

static void only_count(int number) { signals += number; }

static void a_handler_that_does_not_allocate(void **state) {
  (void)state;
  static const interrupted it = {prepare, allocate, only_count, is_broken, PATIENCE};
  size_t counts[NOT_TRACED];
  interrupt_everywhere(&it, 1, NOT_REACHED, counts);
  assert_true(counts[FINE] > 20);
  assert_int_equal(counts[TWICE] + counts[HANGS] + counts[DIES], 0);
}

static void allocate_in_handler(int number) {
  (void)number;
  other = slm_malloc(SIZE);
}

static void a_handler_that_allocates(void **state) {
  (void)state;
  static const interrupted it = {prepare, allocate, allocate_in_handler, is_broken, PATIENCE};
  size_t counts[NOT_TRACED];
  interrupt_everywhere(&it, 1, NOT_REACHED, counts);
  assert_true(counts[TWICE] > 0);
}

static void allocate_large(void) { object = slm_malloc(2 * SLM_MAX_SIZE); }

static void allocate_large_in_handler(int number) {
  (void)number;
  other = slm_malloc(2 * SLM_MAX_SIZE);
}

/** What heaps share is behind a lock, which the handler's own thread has: it does not wait for itself. */
static void a_handler_that_allocates_a_large_object(void **state) {
  (void)state;
  static const interrupted it = {prepare, allocate_large, allocate_large_in_handler, is_broken, PATIENCE};
  size_t counts[NOT_TRACED];
  interrupt_everywhere(&it, 3, NOT_REACHED, counts);
  assert_true(counts[ABORTS] > 0);
  assert_int_equal(counts[HANGS] + counts[DIES], 0);
}

static sem_t its_turn, it_is_done;

static void *use_the_heap(void *argument) {
  (void)argument;
  sem_wait(&its_turn);
  other = slm_heap_allocate(heap, SIZE);
  sem_post(&it_is_done);
  return NULL;
}

/** The other thread waits for its moment. */
static void prepare_heap(void) {
  pthread_t thread;
  heap = slm_heap_create(NULL, NULL);
  prepare();
  sem_init(&its_turn, 0, 0);
  sem_init(&it_is_done, 0, 0);
  if (heap == NULL || pthread_create(&thread, NULL, use_the_heap, NULL) != 0) _exit(DIES);
}

static void let_the_other_thread(int number) {
  (void)number;
  sem_post(&its_turn);
  sem_wait(&it_is_done);
}

/** The other thread has a part of its own, and finds nothing that is half done. */
static void two_threads_in_one_heap(void **state) {
  (void)state;
  static const interrupted it = {prepare_heap, allocate, let_the_other_thread, is_broken, PATIENCE};
  size_t counts[NOT_TRACED];
  interrupt_everywhere(&it, 1, NOT_REACHED, counts);
  assert_true(counts[FINE] > 20);
  assert_int_equal(counts[TWICE] + counts[HANGS] + counts[ABORTS] + counts[DIES], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_handler_that_does_not_allocate),
      cmocka_unit_test(a_handler_that_allocates),
      cmocka_unit_test(a_handler_that_allocates_a_large_object),
      cmocka_unit_test(two_threads_in_one_heap),
  };
  return cmocka_run_group_tests_name("slm_malloc interrupted", tests, NULL, NULL);
}
