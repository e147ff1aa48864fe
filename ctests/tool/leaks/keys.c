/* Values of keys of pthread_key_create(): the first are in the thread's descriptor, others in a table of their own. */
#include "leaks.h"
static APART void run(void) {
  pthread_key_t keys[100];
  for (int i = 0; i < 100; i++) pthread_key_create(&keys[i], NULL);
  pthread_setspecific(keys[1], malloc(KEPT));
  pthread_setspecific(keys[99], malloc(KEPT));
  pthread_setspecific(keys[50], malloc(LOST));
  pthread_setspecific(keys[50], NULL);
}
int main(void) {
  run();
  return ready(1);
}
