/* A program for a sanitizer: two threads that allocate, and one fault if the argument names it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static char *volatile kept;
static int shared;

static void *work(void *is_racing) {
  for (size_t size = 100; size < 1000; size++) {
    char *object = malloc(size);
    memset(object, 1, size);
    free(object);
  }
  if (is_racing != NULL) shared++;
  return NULL;
}

int main(int count, char **arguments) {
  const char *fault = count > 1 ? arguments[1] : "";
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, strcmp(fault, "race") == 0 ? &shared : NULL);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  kept = malloc(1000);
  if (strcmp(fault, "leak") != 0) free(kept);
  if (strcmp(fault, "use") == 0) return kept[0];
  kept = NULL;
  return 0;
}
