// Threads that come and go, after mleak of mimalloc-bench: does the memory of a thread that ended come back into use?
// Each thread frees most of what it allocated and leaves the rest to the main thread, which frees it after the thread's
// end.
#include "workload.h"

#define THREADS_STARTED 6000
#define OBJECTS 1000
#define LEFT 100

static slot left[THREADS_MAX][LEFT];
static size_t generation;

static void *body(void *argument) {
  uintptr_t number = (uintptr_t)argument;
  uint64_t random = random_start(generation * THREADS_MAX + number);
  slot slots[OBJECTS];
  for (size_t i = 0; i < OBJECTS; i++) slot_fill(&slots[i], random_doubling(&random, 16, 6));
  for (size_t i = 0; i < OBJECTS; i++) {
    if (i % (OBJECTS / LEFT) != 0) slot_clear(&slots[i]);
    else left[number][i / (OBJECTS / LEFT)] = slots[i];
  }
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  pthread_t threads[THREADS_MAX];
  size_t generations = share_of(THREADS_STARTED);
  for (generation = 0; generation < generations; generation++) {
    for (uintptr_t i = 0; i < thread_count; i++) threads[i] = thread_start(body, (void *)i);
    for (unsigned i = 0; i < thread_count; i++) {
      thread_join(threads[i]);
      slots_clear(left[i], LEFT);
    }
  }
  return 0;
}
