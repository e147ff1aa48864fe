/* Resident memory where one thread allocates and another one frees, and where threads come and go. */
#include "../support/preload.h"

#include <sched.h>

/* ---- objects handed from one thread to another ---- */

enum { QUEUE = 4096, BATCH = 64 };

typedef struct queue {
  _Atomic(void *) slots[QUEUE];
  atomic_size_t sent, faults;
  size_t most_size;
  uint64_t until;
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
    if (i % 1024 == 0 && milliseconds() > q->until) {
      q->sent += i;
      put(q, i, &last_object);
      return NULL;
    }
    size_t size = 16 + random_below(&random, random_below(&random, 100) == 0 ? q->most_size : 600);
    size_t *object = malloc(size);
    if (object == NULL) abort();
    object[0] = size;
    ((char *)object)[size - 1] = (char)size;
    put(q, i, object);
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

/** An ended thread's heap keeps a slab in which others are freeing at that moment, until a thread takes the heap: up to 2 MiB
 * for the largest class. So much may be left, once. */
/** What resident memory was after half a second, and the most that it was later. */
typedef struct watched {
  size_t early, most;
} watched;

static watched pass_on(queue *q, uint64_t ms) {
  pthread_t producer, consumer;
  watched w = {0, 0};
  memset(q, 0, sizeof *q);
  q->most_size = 200000;
  q->until = milliseconds() + ms;
  start_thread(&producer, produce, q);
  start_thread(&consumer, consume, q);
  pause_for(500);
  w.early = resident();
  while (milliseconds() + 200 < q->until) {
    pause_for(100);
    size_t now = resident();
    if (now > w.most) w.most = now;
  }
  join_thread(producer);
  join_thread(consumer);
  assert_int_equal(q->faults, 0);
  assert_true(q->sent > 50000);
  return w;
}

/** Resident memory stays what it was after the first half second, and is in the end what it was after a short run. */
static void one_allocates_another_frees(void **state) {
  (void)state;
  static queue q;
  pass_on(&q, 800);
  size_t before = resident_settled();
  watched w = pass_on(&q, 5000);
  print_message("%zu objects, resident %zu KiB early, at most %zu KiB later\n", (size_t)q.sent, w.early / KIB,
                w.most / KIB);
  /* The queue holds 4096 objects of 1.3 KiB on average, give or take some large ones. */
  assert_true(w.most <= w.early + 16 * MIB);
  assert_comes_back_to(before, 3 * MIB);
}

/* ---- threads that come and go ---- */

enum { POOL = 6, KEPT_EACH = 500 };

static void *work_and_end(void *argument) {
  void **inherited = argument;
  uint64_t random = (uintptr_t)inherited[0] + 1;
  for (size_t i = 0; i < KEPT_EACH; i++) {
    free(inherited[i]);
    size_t size = 16 + random_below(&random, random_below(&random, 50) == 0 ? 100000 : 2000);
    if ((inherited[i] = malloc(size)) == NULL) abort();
    memset(inherited[i], 1, size);
  }
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
  run_generations(30);
  free_inherited();
  size_t before = resident_settled();
  run_generations(100);
  size_t early = resident_settled(), most = 0;
  for (size_t i = 0; i < 4; i++) {
    run_generations(100);
    size_t now = resident_settled();
    if (now > most) most = now;
  }
  print_message("resident %zu KiB early, at most %zu KiB with five times as many threads\n", early / KIB, most / KIB);
  assert_true(most <= early + early / 2);
  free_inherited();
  assert_comes_back_to(before, early / 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(one_allocates_another_frees),
      cmocka_unit_test(a_pool_of_threads_that_come_and_go),
  };
  return cmocka_run_group_tests_name("preload resident memory, threads", tests, NULL, NULL);
}
