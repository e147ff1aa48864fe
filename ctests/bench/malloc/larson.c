// A server whose threads inherit objects, after P. Larson and M. Krishnan, "Memory Allocation for Long-Running Server
// Applications" (ISMM 1998): a thread replaces random objects of its set, then starts a successor, leaves the set to it
// and ends. So most objects are freed by another thread than the one that allocated them.
#include "workload.h"
#include <semaphore.h>

#define OBJECTS 5000
#define REPLACEMENTS 12000000
#define GENERATION 100000

typedef struct server {
  slot slots[OBJECTS];
  uint64_t random;
  size_t left;
} server;

static sem_t finished;

static void *serve(void *argument) {
  server *own = argument;
  size_t count = own->left < GENERATION ? own->left : GENERATION;
  for (size_t i = 0; i < count; i++) {
    slot *slot = &own->slots[random_below(&own->random, OBJECTS)];
    slot_replace(slot, random_between(&own->random, 8, 1000));
  }
  own->left -= count;
  if (own->left == 0) sem_post(&finished);
  else pthread_detach(thread_start(serve, own));
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  static server servers[THREADS_MAX];
  sem_init(&finished, 0, 0);
  for (unsigned i = 0; i < thread_count; i++) {
    server *own = &servers[i];
    own->random = random_start(i);
    own->left = share_of(REPLACEMENTS);
    for (size_t j = 0; j < OBJECTS; j++) slot_fill(&own->slots[j], random_between(&own->random, 8, 1000));
  }
  for (unsigned i = 0; i < thread_count; i++) pthread_detach(thread_start(serve, &servers[i]));
  for (unsigned i = 0; i < thread_count; i++)
    while (sem_wait(&finished) != 0) continue;
  for (unsigned i = 0; i < thread_count; i++) slots_clear(servers[i].slots, OBJECTS);
  return 0;
}
