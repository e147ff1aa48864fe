/* Thread-local variables: those of living threads keep objects, those of ended ones do not. */
#include "leaks.h"
static SEEN __thread void *own[3];
static SEEN pthread_barrier_t barrier;
static void *work(void *waits) {
  for (int i = 0; i < 3; i++) own[i] = malloc(waits ? KEPT : LOST);
  if (!waits) return NULL;
  wipe();
  pthread_barrier_wait(&barrier);
  wait_for_ever();
  return NULL;
}
int main(void) {
  pthread_t ended, waiting;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&ended, NULL, work, NULL);
  pthread_join(ended, NULL);
  pthread_create(&waiting, NULL, work, &barrier);
  pthread_barrier_wait(&barrier);
  own[0] = malloc(KEPT);
  return ready(3);
}
