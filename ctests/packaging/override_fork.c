/* A program whose malloc is the override object, and whose handlers of pthread_atfork() are registered before malloc's
 * own: by a function that runs before all constructors. It also replaces functions of the C library by its own, which
 * allocate. Exit status 0 if all of this works. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OBJECTS = 300, FORKS = 20 };
static void *kept[OBJECTS];
static int prepared, in_parents, in_children, failures;

/** Slabs and large objects come and go. */
static void allocate(int *count) {
  for (size_t i = 0; i < OBJECTS; i++) {
    size_t size = i % 100 == 99 ? 1 << 20 : 1 + i * 50;
    free(kept[i]);
    kept[i] = malloc(size);
    if (kept[i] == NULL) failures++;
    else memset(kept[i], 1, size);
  }
  ++*count;
}

static void prepare(void) { allocate(&prepared); }
static void in_parent(void) { allocate(&in_parents); }
static void in_child(void) { allocate(&in_children); }
static void register_handlers(void) { pthread_atfork(prepare, in_parent, in_child); }

#ifdef BY_CONSTRUCTOR
__attribute__((constructor)) static void begin(void) { register_handlers(); }
#else
__attribute__((section(".preinit_array"), used)) static void (*const begin)(void) = register_handlers;
#endif

static void allocate_in_hook(void) {
  void *small = malloc(100), *large = malloc(400000);
  if (small == NULL || large == NULL) failures++;
  free(small);
  free(large);
}

void *mmap(void *place, size_t bytes, int protection, int flags, int file, off_t offset) {
  allocate_in_hook();
  return (void *)syscall(SYS_mmap, place, bytes, protection, flags, file, offset);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
  allocate_in_hook();
  return (int)syscall(SYS_clock_gettime, clock, now);
}

static void *work(void *stop) {
  while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
    void *objects[20];
    for (size_t i = 0; i < 20; i++) objects[i] = malloc(1000 + i * 20000);
    for (size_t i = 0; i < 20; i++) free(objects[i]);
  }
  return NULL;
}

int main(void) {
  pthread_t thread;
  struct timespec now;
  int stop = 0;
  alarm(240);
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 || pthread_create(&thread, NULL, work, &stop) != 0) return 1;
  for (int i = 1; i <= FORKS; i++) {
    int status;
    pid_t child = fork();
    if (child == 0) {
      alarm(240);
      free(malloc(100000));
      _exit(in_children == 1 && prepared == i && failures == 0 ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) return 2;
    if (status != 0) return 3;
  }
  __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
  pthread_join(thread, NULL);
  return prepared == FORKS && in_parents == FORKS && failures == 0 ? 0 : 4;
}
