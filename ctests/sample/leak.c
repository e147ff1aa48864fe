/* A program that loses 100 KB in lost(), under main, and allocates and frees more elsewhere: small and large objects,
 * in two threads. With an argument it does so before it ends, or ends by
 * it: _exit, fork, vfork, exec, close, gone. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OBJECTS = 1600, BYTES = 64 }; /* 102400 bytes, in slots of this size */

static void *volatile last;

/* Not inlined, and no jumps from them: each has a frame. */
#define FRAME __attribute__((noinline))

FRAME static void lost(void) {
  for (int i = 0; i < OBJECTS; i++) last = malloc(BYTES);
}

FRAME static void *churn(void *argument) {
  for (int i = 0; i < 3000; i++) {
    void *object = malloc((size_t)i % 500 + 1);
    last = object;
    free(object);
  }
  return argument;
}

FRAME static void resize(void) {
  char *text = NULL;
  for (size_t size = 1; size < 1 << 20; size *= 2) last = text = realloc(text, size);
  free(text);
}

int main(int argc, char **argv) {
  const char *end = argc > 1 ? argv[1] : "";
  pthread_t thread;
  pthread_create(&thread, NULL, churn, NULL);
  lost();
  resize();
  churn(NULL);
  pthread_join(thread, NULL);
  if (strcmp(end, "_exit") == 0) _exit(0);
  if (strcmp(end, "fork") == 0) {
    if (fork() == 0) lost(); /* the child ends as its parent, with twice as many */
    else wait(NULL);
  }
  if (strcmp(end, "vfork") == 0) {
    pid_t child = vfork();
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
  }
  if (strcmp(end, "exec") == 0) execl(argv[0], argv[0], (char *)NULL);
  if (strcmp(end, "gone") == 0) {
    unlink("gone/leak.heap");
    rmdir("gone");
  }
  if (strcmp(end, "close") == 0) {
    for (int file = 0; file < 3; file++) close(file);
  }
  return 0;
}
