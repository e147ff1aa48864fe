/* A program that calls slm_malloc and slm_free in handlers of pthread_atfork(), in the parent and in the child. Exit
 * status 0 if all of it works. */
#include <pthread.h>
#include <slabmalloc.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

static void allocate(void) {
  for (size_t size = 1; size < 1 << 22; size *= 3) {
    char *object = slm_malloc(size);
    if (object == NULL) failures++;
    else memset(object, 1, size);
    slm_free(object);
  }
}

static void *work(void *unused) {
  allocate();
  return unused;
}

int main(void) {
  pthread_t thread;
  alarm(240);
  if (pthread_atfork(allocate, allocate, allocate) != 0) return 1;
  if (pthread_create(&thread, NULL, work, NULL) != 0) return 2;
  int status;
  pid_t child = fork();
  if (child == 0) {
    allocate();
    _exit(failures);
  }
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 3;
  pthread_join(thread, NULL);
  slm_heap *heap = slm_heap_create(NULL, NULL);
  if (heap == NULL || slm_heap_allocate(heap, 100) == NULL || slm_heap_destroy(heap, NULL) != SLM_OK) return 4;
  return failures;
}
