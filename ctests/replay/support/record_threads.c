/* To be recorded: a known number of calls of each kind and size, by threads, around a fork.
 *
 *     size   calls
 *     5000   100 mallocs of the first thread, each freed by another one
 *     5100   3 threads, 50 callocs each, freed by the first thread
 *     5200   10 aligned to 512 in the parent after the fork
 *     5300   reallocs, one for each of 20 mallocs of 5301
 *     5400   a child's; not in the parent's trace
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST = 100, THREADS = 3, EACH = 50 };
static void *of_first[FIRST], *of_threads[THREADS][EACH];

static void *work(void *argument) {
  size_t index = (size_t)argument;
  for (size_t i = 0; i < EACH; i++) of_threads[index][i] = calloc(51, 100);
  for (size_t i = index; i < FIRST; i += THREADS) free(of_first[i]);
  return NULL;
}

static int child(int go) {
  pthread_t thread;
  char byte;
  /* What it recorded would now be in the place of what the parent has. */
  if (read(go, &byte, 1) != 1) return 1;
  for (int i = 0; i < 70; i++) free(malloc(5400));
  for (size_t i = 0; i < EACH; i++) free(of_threads[0][i]);
  if (pthread_create(&thread, NULL, work, (void *)1) != 0) return 2;
  pthread_join(thread, NULL);
  return 0;
}

int main(void) {
  pthread_t threads[THREADS];
  int go[2], status = 1;
  for (size_t i = 0; i < FIRST; i++) memset(of_first[i] = malloc(5000), 1, 5000);
  /* One after the other, so that their numbers are known. */
  for (size_t i = 0; i < THREADS; i++) {
    if (pthread_create(&threads[i], NULL, work, (void *)i) != 0) return 1;
    pthread_join(threads[i], NULL);
  }
  for (size_t i = 0; i < FIRST; i++) of_first[i] = malloc(16); /* what a child frees */
  if (pipe(go) != 0) return 1;
  pid_t pid = fork();
  if (pid == 0) _exit(child(go[0]));
  if (pid < 0) return 1;
  for (size_t i = 0; i < THREADS * EACH; i++) free(of_threads[i / EACH][i % EACH]);
  for (int i = 0; i < 10; i++) free(aligned_alloc(512, 5200));
  for (int i = 0; i < 20; i++) free(realloc(malloc(5301), 5300));
  if (write(go[1], "", 1) != 1 || waitpid(pid, &status, 0) != pid || status != 0) return 2;
  puts("worked");
  return 0;
}
