/* A program to look at from outside. It makes objects of known states, prints `WHAT ADDRESS` for each, and `ready`.
 * Then it waits until its standard input ends. With an argument its threads allocate and free meanwhile. The file in
 * TARGET_MAPS is in its memory as data. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifdef USE_SLM
#include <slabmalloc.h>
#define malloc slm_malloc
#define free slm_free
#endif

enum { MANY = 20000, THREADS = 3 };
static void *many[MANY];
static void *volatile freed_elsewhere;
static volatile int is_over;

static void *free_it(void *object) {
  free(object);
  return NULL;
}

static void *churn(void *seed) {
  unsigned random = (unsigned)(size_t)seed;
  void *mine[500] = {NULL};
  while (!is_over) {
    random = random * 1664525 + 1013904223;
    void **object = &mine[(random >> 8) % 500];
    free(*object);
    *object = malloc(random >> 16 & (random & 64 ? 0x3FFFF : 0x3FF));
  }
  return NULL;
}

static void show(const char *what, void *address) { printf("%s %p\n", what, address); }

int main(int argc, char **argv) {
  (void)argv;
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); /* a system may forbid all but parents */
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *mapped = getenv("TARGET_MAPS");
  if (mapped && mmap(NULL, 1 << 18, PROT_READ, MAP_PRIVATE, open(mapped, O_RDONLY), 0) == MAP_FAILED) return 1;
  pthread_t threads[THREADS], other;
  for (size_t i = 0; i < MANY; i++) many[i] = malloc(100 + i % 3000);
  /* Of a class of its own, so that nothing else is in its slab. */
  void *live = malloc(20000), *freed = malloc(20000), *large = malloc(1 << 20), *giant = malloc((size_t)100 << 20);
  freed_elsewhere = malloc(20000);
  show("live", live);
  show("inside", (char *)live + 4711);
  show("freed", freed);
  show("remote", freed_elsewhere);
  show("large", large);
  show("giant", (char *)giant + 5000000);
  int local = 0;
  show("stack", &local);
  free(freed);
  pthread_create(&other, NULL, free_it, freed_elsewhere);
  pthread_join(other, NULL);
  if (argc > 1)
    for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
  puts("ready");
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  is_over = 1;
  if (argc > 1)
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return 0;
}
