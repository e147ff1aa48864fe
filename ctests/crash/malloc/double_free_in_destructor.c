/* A double free by a thread's destructor, when the thread ends. */
#include "../support/misuse.h"

static pthread_key_t key;

static void *keep_and_free(void *object) {
  pthread_setspecific(key, object);
  free(object);
  return NULL;
}

int main(void) {
  char *object = make_object(SMALL);
  expect_double_free(object);
  if (pthread_key_create(&key, free) != 0) return 2;
  in_thread(keep_and_free, object);
  return 0;
}
