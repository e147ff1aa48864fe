/* Threads that have ended had the only pointers to their objects. The C library keeps their stacks. */
#include "leaks.h"
enum { THREADS = 4 };
static void *lose(void *argument) {
  void *volatile mine[5];
  for (int i = 0; i < 5; i++) mine[i] = malloc(LOST);
  return argument ? NULL : mine[0];
}
int main(void) {
  pthread_t threads[THREADS];
  for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, lose, (void *)(i + 1));
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return ready(THREADS * 5);
}
