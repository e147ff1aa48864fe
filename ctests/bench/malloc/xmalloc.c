// Half of the threads allocate, the others free what they get from them, after xmalloc-test (C. Lever and D. Boreham,
// "malloc() Performance in a Multithreaded Linux Environment", USENIX 2000, in its asymmetric form): all frees are
// remote.
#include "workload.h"

#define OBJECTS 12000000
#define BATCH 512
#define WAITING_MAX 64

typedef struct batch {
  struct batch *next;
  slot slots[BATCH];
} batch;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static batch *waiting;
static size_t waiting_count, producers;

static void put(batch *full) {
  pthread_mutex_lock(&lock);
  while (waiting_count == WAITING_MAX) pthread_cond_wait(&changed, &lock);
  full->next = waiting;
  waiting = full;
  waiting_count++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

// NULL when none will come any more.
static batch *take(void) {
  pthread_mutex_lock(&lock);
  while (waiting_count == 0 && producers != 0) pthread_cond_wait(&changed, &lock);
  batch *taken = waiting;
  if (taken != NULL) {
    waiting = taken->next;
    waiting_count--;
  }
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return taken;
}

static void produce(uint64_t number) {
  uint64_t random = random_start(number);
  for (size_t left = share_of(OBJECTS) * 2 / BATCH; left > 0; left--) {
    batch *full = malloc(sizeof *full);
    if (full == NULL) die("out of memory");
    for (size_t i = 0; i < BATCH; i++) slot_fill(&full->slots[i], random_doubling(&random, 16, 5));
    put(full);
  }
  pthread_mutex_lock(&lock);
  producers--;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void consume(void) {
  for (batch *full = take(); full != NULL; full = take()) {
    slots_clear(full->slots, BATCH);
    free(full);
  }
}

static void *body(void *argument) {
  uintptr_t number = (uintptr_t)argument;
  if (number % 2 == 0) produce(number);
  else consume();
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  if (thread_count % 2 != 0) die("as many threads free as allocate: THREADS must be even");
  producers = thread_count / 2;
  threads_run(body);
  return 0;
}
