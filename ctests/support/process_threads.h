/* Other threads. They count what is wrong; only the test's own thread asserts. */
#ifndef PROCESS_THREADS_H
#define PROCESS_THREADS_H

#include "suite.h"

#include <pthread.h>

/** Runs a function on a thread of its own, to the end of that thread. */
static inline void *on_thread(void *(*body)(void *), void *argument) {
  pthread_t thread;
  void *result = NULL;
  assert_int_equal(pthread_create(&thread, NULL, body, argument), 0);
  assert_int_equal(pthread_join(thread, &result), 0);
  return result;
}

/** Runs a function on several threads at once; each gets its own member of an array. */
static inline void on_threads(size_t count, void *(*body)(void *), void *members, size_t member_size) {
  pthread_t threads[64];
  assert_true(count <= COUNT_OF(threads));
  for (size_t i = 0; i < count; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, body, (char *)members + i * member_size), 0);
  for (size_t i = 0; i < count; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static inline void *free_one(void *object) {
  slm_free(object);
  return NULL;
}

/** Objects that another thread is to free or has made. */
typedef struct load {
  void **objects;
  size_t count, size;
} load;

static inline void *allocate_load(void *argument) {
  load *l = argument;
  for (size_t i = 0; i < l->count; i++)
    if ((l->objects[i] = slm_malloc(l->size)) != NULL) pattern_fill(l->objects[i], l->size, i);
  return NULL;
}

/** Returns how many of the objects did not hold what allocate_load() put there. */
static inline void *free_load(void *argument) {
  load *l = argument;
  uintptr_t faults = 0;
  for (size_t i = 0; i < l->count; i++) {
    faults += l->objects[i] == NULL || !pattern_holds(l->objects[i], l->size, i);
    slm_free(l->objects[i]);
  }
  return (void *)faults;
}

#endif
