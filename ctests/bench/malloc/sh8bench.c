// After the description of MicroQuill's SmartHeap benchmark SHBench 8 (in the README of mimalloc-bench): threads
// allocate groups of objects of mixed sizes, free some themselves in LIFO, FIFO or random order and leave the others to
// a thread that comes by later.
#include "workload.h"

#define GROUPS 80000
#define GROUP 200
#define SHELVES 64

typedef struct group {
  slot slots[GROUP];
} group;

// Groups that wait for a thread to free what is left in them.
static group *shelves[SHELVES];
static pthread_mutex_t locks[SHELVES];

static void free_half(group *own, uint64_t *random) {
  size_t order = random_below(random, 3);
  for (size_t i = 0; i < GROUP / 2; i++) {
    size_t index = order == 0 ? GROUP - 1 - i : order == 1 ? i : random_below(random, GROUP);
    slot_clear(&own->slots[index]);
  }
}

static void drop(group *group) {
  if (group == NULL) return;
  slots_clear(group->slots, GROUP);
  free(group);
}

static void *body(void *argument) {
  uint64_t random = random_start((uintptr_t)argument);
  for (size_t left = share_of(GROUPS); left > 0; left--) {
    group *own = malloc(sizeof *own);
    if (own == NULL) die("out of memory");
    for (size_t i = 0; i < GROUP; i++) slot_fill(&own->slots[i], random_doubling(&random, 8, 7));
    free_half(own, &random);
    size_t shelf = random_below(&random, SHELVES);
    pthread_mutex_lock(&locks[shelf]);
    group *other = shelves[shelf];
    shelves[shelf] = own;
    pthread_mutex_unlock(&locks[shelf]);
    drop(other);
  }
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  for (size_t i = 0; i < SHELVES; i++) pthread_mutex_init(&locks[i], NULL);
  threads_run(body);
  for (size_t i = 0; i < SHELVES; i++) drop(shelves[i]);
  return 0;
}
