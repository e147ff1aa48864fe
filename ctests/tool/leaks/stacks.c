/* Threads that wait hold objects on their stacks alone; each has lost one too. */
#include "leaks.h"
enum { THREADS = 4 };
static SEEN pthread_barrier_t barrier;
static APART void lose(void) { memset(malloc(LOST), 0, LOST); }
static void *hold(void *argument) {
  void *volatile mine[5];
  for (int i = 0; i < 5; i++) mine[i] = malloc(KEPT);
  lose();
  wipe();
  pthread_barrier_wait(&barrier);
  wait_for_ever();
  return mine[(size_t)argument];
}
int main(void) {
  pthread_t threads[THREADS];
  pthread_barrier_init(&barrier, NULL, THREADS + 1);
  for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, hold, (void *)i);
  pthread_barrier_wait(&barrier);
  return ready(THREADS);
}
