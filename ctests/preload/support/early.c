/* A shared object whose constructor registers handlers of pthread_atfork() that allocate and free. With EARLY_FIRST,
 * and linked with -z initfirst, they are registered before malloc's own, and run while malloc is made ready for the
 * fork. Without it the handlers also take a mutex: that of early_locked(), under which other threads allocate. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS = 300 };
/** How often each handler ran and got memory that is its own; how often one did not. */
size_t early_prepared, early_in_parent, early_in_child, early_failed;
static void *kept[OBJECTS];

#ifdef EARLY_FIRST
static void lock(void) {}
static void unlock(void) {}
#else
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/** A fork waits for those that allocate now, but not for those that come later: they would take the mutex again before
 *  the one that forks has run, many times in a row on one processor. */
static atomic_int fork_waits;

static void lock(void) {
  fork_waits = 1;
  pthread_mutex_lock(&mutex);
  fork_waits = 0;
}
static void unlock(void) { pthread_mutex_unlock(&mutex); }

void early_locked(void) {
  while (fork_waits) sched_yield();
  pthread_mutex_lock(&mutex);
  /* Large, since malloc takes its lock for that. */
  for (int i = 0; i < 10; i++) free(memset(malloc(300000), 1, 10));
  unlock();
}
#endif

/** Slabs are made and given back, large objects come and go, and what the handler before has left is freed. */
static void allocate(size_t *count) {
  for (size_t i = 0; i < OBJECTS; i++) {
    size_t size = i % 100 == 99 ? 1 << 20 : 1 + i * 50;
    free(kept[i]);
    kept[i] = malloc(size);
    if (kept[i] == NULL) early_failed++;
    else memset(kept[i], (int)i, size);
  }
  for (size_t i = 0; i < OBJECTS; i += 2) {
    char *grown = realloc(kept[i], 2 + i * 100);
    if (grown == NULL || grown[0] != (char)i) early_failed++;
    kept[i] = grown;
  }
  ++*count;
}

static void prepare(void) {
  lock();
  allocate(&early_prepared);
}
static void in_parent(void) {
  allocate(&early_in_parent);
  unlock();
}
static void in_child(void) {
  allocate(&early_in_child);
  unlock();
}

__attribute__((constructor)) static void begin(void) { pthread_atfork(prepare, in_parent, in_child); }
