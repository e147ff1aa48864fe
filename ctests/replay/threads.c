/* A program to record: four threads that allocate in every way, and free what others allocated. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, SHARED = 64, STEPS = 20000 };

static _Atomic(char *) shared[SHARED];

static void *work(void *argument) {
  uint32_t random = (uint32_t)(uintptr_t)argument * 2654435761u + 1;
  for (size_t i = 0; i < STEPS; i++) {
    random = random * 1664525u + 1013904223u;
    size_t size = 1 + (random >> 8) % (i % 100 == 0 ? 200000 : 900);
    void *object = NULL;
    switch (random >> 29) {
    case 0:
      object = calloc(size, 1);
      break;
    case 1:
      if (posix_memalign(&object, 64, size) != 0) abort();
      break;
    case 2:
      object = realloc(malloc(size / 2 + 1), size);
      break;
    default:
      object = malloc(size);
    }
    if (object == NULL) abort();
    memset(object, (int)i, size);
    free(atomic_exchange(&shared[random >> 16 & (SHARED - 1)], object));
  }
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  for (size_t i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, work, (void *)i) != 0) return 1;
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (size_t i = 0; i < SHARED; i++) free(shared[i]);
  return 0;
}
