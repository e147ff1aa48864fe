/* Resident memory where one thread allocates and another one frees, and where threads come and go. */
#include "../support/preload.h"

#include <sched.h>

/* ---- objects handed from one thread to another ---- */

enum { QUEUE = 4096, BATCH = 64 };

typedef struct queue {
  _Atomic(void *) slots[QUEUE];
  atomic_size_t sent, faults;
  atomic_bool stop;
  size_t most_size;
} queue;

static void put(queue *q, size_t at, void *object) {
  while (atomic_load_explicit(&q->slots[at % QUEUE], memory_order_acquire) != NULL) sched_yield();
  atomic_store_explicit(&q->slots[at % QUEUE], object, memory_order_release);
}

static void *take(queue *q, size_t at) {
  void *object;
  while ((object = atomic_load_explicit(&q->slots[at % QUEUE], memory_order_acquire)) == NULL) sched_yield();
  atomic_store_explicit(&q->slots[at % QUEUE], NULL, memory_order_release);
  return object;
}

static char last_object; /* its address ends the queue */

/** Only allocates. */
static void *produce(void *argument) {
  queue *q = argument;
  uint64_t random = (uintptr_t)&random;
  for (size_t i = 0;; i++) {
    if (q->stop) {
      put(q, i, &last_object);
      return NULL;
    }
    size_t size = 16 + random_below(&random, random_below(&random, 100) == 0 ? q->most_size : 600);
    size_t *object = malloc(size);
    if (object == NULL) abort();
    object[0] = size;
    ((char *)object)[size - 1] = (char)size;
    put(q, i, object);
    atomic_store_explicit(&q->sent, i + 1, memory_order_relaxed);
  }
}

/** Only frees. */
static void *consume(void *argument) {
  queue *q = argument;
  for (size_t i = 0;; i++) {
    size_t *object = take(q, i);
    if ((char *)object == &last_object) return NULL;
    if (((char *)object)[object[0] - 1] != (char)object[0]) q->faults++;
    free(object);
  }
}

/** The most that was resident while so much time passed, and so many more objects were sent. How fast they are depends
 * on what else
 *  the machine does. */
static size_t most_resident(queue *q, uint64_t ms, size_t count) {
  uint64_t until = milliseconds() + ms;
  size_t enough = q->sent + count, most = 0;
  while (milliseconds() < until || q->sent < enough) {
    pause_for(20);
    size_t now = resident();
    if (now > most) most = now;
  }
  return most;
}

/** Of a first time, and of a longer one after it. */
typedef struct watched {
  size_t early, later;
} watched;

static watched pass_on(queue *q, uint64_t ms) {
  enum { ENOUGH = 60000 }; /* objects, 80 MiB */
  pthread_t producer, consumer;
  watched w;
  memset(q, 0, sizeof *q);
  q->most_size = 200000;
  start_thread(&producer, produce, q);
  start_thread(&consumer, consume, q);
  w.early = most_resident(q, 800, ENOUGH);
  w.later = most_resident(q, ms, ENOUGH);
  q->stop = true;
  join_thread(producer);
  join_thread(consumer);
  assert_int_equal(q->faults, 0);
  return w;
}

/** Resident memory stays what it was, and is in the end what it was after a shorter run. */
static void one_allocates_another_frees(void **state) {
  (void)state;
  static queue q;
  pass_on(&q, 0);
  size_t before = resident_settled();
  watched w = pass_on(&q, 3500);
  print_message("%zu objects, resident at most %zu KiB early, %zu KiB later\n", (size_t)q.sent, w.early / KIB,
                w.later / KIB);
  /* The queue holds 4096 objects of 1.3 KiB on average, give or take some large ones. */
  assert_true(w.later <= w.early + 16 * MIB);
  /* An ended thread's heap keeps a slab in which others are freeing at that moment, until a thread takes the heap: up
   * to 2 MiB for the largest class. So much may be left, once. */
  assert_comes_back_to(before, 3 * MIB);
}

/* ---- threads that come and go ---- */

enum { POOL = 6, KEPT_EACH = 500 };

static pthread_barrier_t together;

/** All of a generation have a heap at the same time, however the system lets them run: else that would decide how much
 * is resident. */
static void *work_and_end(void *argument) {
  void **inherited = argument;
  uint64_t random = (uintptr_t)inherited[0] + 1;
  free(opaque(malloc(1)));
  pthread_barrier_wait(&together);
  for (size_t i = 0; i < KEPT_EACH; i++) {
    free(inherited[i]);
    size_t size = 16 + random_below(&random, random_below(&random, 50) == 0 ? 100000 : 2000);
    if ((inherited[i] = malloc(size)) == NULL) abort();
    memset(inherited[i], 1, size);
  }
  pthread_barrier_wait(&together);
  return NULL;
}

static void *inherited[POOL][KEPT_EACH];

static void run_generations(size_t count) {
  for (size_t generation = 0; generation < count; generation++) {
    pthread_t threads[POOL];
    for (size_t i = 0; i < POOL; i++) start_thread(&threads[i], work_and_end, inherited[(i + generation) % POOL]);
    for (size_t i = 0; i < POOL; i++) join_thread(threads[i]);
  }
}

/** The most that was resident after each hundred of some generations: which objects stay where varies. */
static size_t most_after_generations(size_t hundreds) {
  size_t most = 0;
  for (size_t i = 0; i < hundreds; i++) {
    run_generations(100);
    size_t now = resident_settled();
    if (now > most) most = now;
  }
  return most;
}

static void free_inherited(void) {
  for (size_t i = 0; i < POOL; i++)
    for (size_t j = 0; j < KEPT_EACH; j++) {
      free(inherited[i][j]);
      inherited[i][j] = NULL;
    }
}

/** Each thread frees what its predecessor left, and leaves as much itself. */
static void a_pool_of_threads_that_come_and_go(void **state) {
  (void)state;
  assert_int_equal(pthread_barrier_init(&together, NULL, POOL), 0);
  run_generations(30);
  free_inherited();
  size_t before = resident_settled();
  size_t early = most_after_generations(3), later = most_after_generations(4);
  print_message("resident at most %zu KiB early, %zu KiB with more than twice as many threads\n", early / KIB,
                later / KIB);
  assert_true(later <= early + early / 2);
  free_inherited();
  assert_comes_back_to(before, early / 5);
  pthread_barrier_destroy(&together);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(one_allocates_another_frees),
      cmocka_unit_test(a_pool_of_threads_that_come_and_go),
  };
  return cmocka_run_group_tests_name("preload resident memory, threads", tests, NULL, NULL);
}
