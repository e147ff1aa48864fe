/* A program that frees twice, two calls below main(): on another thread if there is an argument. */
#include <pthread.h>
#include <stdlib.h>

static void (*volatile release)(void *) = free;

__attribute__((noinline)) void release_twice(void *object);
void release_twice(void *object) {
  release(object);
  release(object);
  __asm__ volatile("");
}

__attribute__((noinline)) void *call_release(void *object);
void *call_release(void *object) {
  release_twice(object);
  return object;
}

int main(int count, char **arguments) {
  (void)arguments;
  void *object = malloc(40);
  pthread_t thread;
  if (count > 1 && pthread_create(&thread, NULL, call_release, object) == 0) pthread_join(thread, NULL);
  return call_release(object) == NULL;
}
