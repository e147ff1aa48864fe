/* A second thread that does what it is told while the first one waits: so what two threads do has one order, and a
 * program of the fuzzer always does the same. */
#ifndef WORKER_H
#define WORKER_H

#include "input.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

static struct {
  pthread_t thread;
  sem_t ordered, done;
  void (*order)(void); /* NULL: end */
  bool runs;
} worker;

static inline void *worker_body(void *argument) {
  (void)argument;
  for (;;) {
    while (sem_wait(&worker.ordered) != 0) {
    }
    void (*order)(void) = worker.order;
    if (order == NULL) return NULL;
    errno = 0;
    order();
    sem_post(&worker.done);
  }
}

static inline void worker_start(void) {
  if (worker.runs) return;
  sem_init(&worker.ordered, 0, 0);
  sem_init(&worker.done, 0, 0);
  FUZZ_CHECK(pthread_create(&worker.thread, NULL, worker_body, NULL) == 0);
  worker.runs = true;
}

static inline void worker_run(void (*order)(void)) {
  worker_start();
  worker.order = order;
  sem_post(&worker.ordered);
  while (sem_wait(&worker.done) != 0) {
  }
}

/** The thread ends, and leaves its heap; the next order starts another one. */
static inline void worker_end(void) {
  if (!worker.runs) return;
  worker.order = NULL;
  sem_post(&worker.ordered);
  pthread_join(worker.thread, NULL);
  sem_destroy(&worker.ordered);
  sem_destroy(&worker.done);
  worker.runs = false;
}

#endif
