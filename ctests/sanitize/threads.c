// Threads that pass objects on to each other, come and go, for a sanitizer to watch. Whoever frees an object checks its
// content.
//
//     threads [rounds [seed]]
#include "slabmalloc.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 4, GENERATIONS = 6, KEPT = 400, LETTERS = 4096 };

typedef struct {
  unsigned char *start;
  size_t size;
} object;

// Objects on their way to a thread.
typedef struct {
  pthread_mutex_t lock;
  object letters[LETTERS];
  size_t count;
} mailbox;

typedef struct {
  uint64_t random;
  unsigned index;
  object kept[KEPT];
  size_t count;
} worker;

static mailbox mailboxes[THREADS];
static slm_heap *shared; // which all threads use
static unsigned long rounds = 4000;

static void fail(const char *what) {
  fprintf(stderr, "threads: %s\n", what);
  abort();
}

static uint64_t next(worker *self) {
  self->random += 0x9e3779b97f4a7c15;
  uint64_t mixed = self->random;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

static size_t below(worker *self, size_t limit) { return (size_t)(next(self) >> 33) % limit; }

static unsigned char stamp(object it) { return (unsigned char)((uintptr_t)it.start >> 4 ^ it.size); }

static void check(object it) {
  if (it.start[0] != stamp(it) || it.start[it.size / 2] != stamp(it) || it.start[it.size - 1] != stamp(it))
    fail("an object was overwritten");
}

static void discard(object it) {
  check(it);
  if (it.size % 2 == 0 && slm_heap_owns(shared, it.start)) {
    if (slm_heap_deallocate(shared, it.start) != SLM_OK) fail("a live object was not freed");
    return;
  }
  slm_free(it.start);
}

// Writes an object's content, and keeps it or passes it on.
static void keep(worker *self, object it) {
  it.start[0] = it.start[it.size / 2] = it.start[it.size - 1] = stamp(it);
  size_t to = below(self, 2 * THREADS);
  if (to < THREADS) {
    pthread_mutex_lock(&mailboxes[to].lock);
    int fits = mailboxes[to].count < LETTERS;
    if (fits) mailboxes[to].letters[mailboxes[to].count++] = it;
    pthread_mutex_unlock(&mailboxes[to].lock);
    if (fits) return;
  }
  if (self->count == KEPT) {
    size_t old = below(self, KEPT);
    discard(self->kept[old]);
    self->kept[old] = it;
  } else {
    self->kept[self->count++] = it;
  }
}

static object take(worker *self) {
  size_t index = below(self, self->count);
  object it = self->kept[index];
  self->kept[index] = self->kept[--self->count];
  return it;
}

static size_t any_size(worker *self) {
  return 1 + below(self, below(self, 40) ? (size_t)1 << (1 + below(self, 12)) : (size_t)400000);
}

static void allocate(worker *self) {
  object it = {NULL, any_size(self)};
  switch (below(self, 10)) {
  case 8:
  case 9:
    it.start = slm_heap_allocate(shared, it.size);
    break;
  case 0:
    it.start = slm_calloc(1, it.size);
    if (it.start && (it.start[0] | it.start[it.size / 2] | it.start[it.size - 1]) != 0) fail("zeroed memory is not 0");
    break;
  case 1:
    it.start = slm_aligned_alloc((size_t)1 << below(self, 18), it.size);
    break;
  default:
    it.start = slm_malloc(it.size);
  }
  if (!it.start) fail("no memory");
  keep(self, it);
}

static void reallocate(worker *self) {
  if (!self->count) return;
  object it = take(self);
  check(it);
  unsigned char first = it.start[0];
  it.size = any_size(self);
  it.start = slm_realloc(it.start, it.size);
  if (!it.start) fail("no memory");
  if (it.start[0] != first) fail("the content didn't move along");
  keep(self, it);
}

static void read_letters(worker *self) {
  static __thread object letters[LETTERS];
  mailbox *box = &mailboxes[self->index];
  pthread_mutex_lock(&box->lock);
  size_t count = box->count;
  memcpy(letters, box->letters, count * sizeof *letters);
  box->count = 0;
  pthread_mutex_unlock(&box->lock);
  for (size_t i = 0; i < count; i++) discard(letters[i]);
}

// A heap whose objects stay in this thread, but for how some are freed.
static void use_heap(worker *self) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  if (!heap) fail("no heap");
  size_t live = 0, expected = 0;
  for (int i = 0; i < 200; i++) {
    size_t size = any_size(self);
    unsigned char *start = slm_heap_allocate(heap, size);
    if (!start) fail("no memory");
    start[0] = start[size - 1] = 1;
    switch (below(self, 3)) {
    case 0:
      if (slm_heap_deallocate(heap, start) != SLM_OK) fail("a live object was not freed");
      break;
    case 1:
      slm_free(start);
      break;
    default:
      expected++;
    }
  }
  if (slm_heap_destroy(heap, &live) != SLM_OK || live != expected) fail("objects of a heap were lost");
}

static bool visit(void *context, void *start, size_t size, size_t class_index) {
  (void)start, (void)size, (void)class_index;
  return ++*(size_t *)context < 500;
}

static void look(worker *self) {
  slm_process_usage all = {.struct_size = sizeof all};
  slm_class_statistics one = {.struct_size = sizeof one};
  slm_process_statistics(&all);
  slm_process_class_statistics(1 + below(self, all.class_count - 1), &one);
  if (one.slots_live > one.pages * one.slots_per_page) fail("more slots are live than there are");
  slm_heap_usage usage = {.struct_size = sizeof usage};
  size_t visits = 0;
  if (slm_heap_statistics(shared, &usage) != SLM_OK || slm_heap_for_each(shared, visit, &visits) != SLM_OK)
    fail("the shared heap is none");
}

static void *work(void *argument) {
  worker *self = argument;
  for (unsigned long round = 0; round < rounds; round++) {
    switch (below(self, 200)) {
    case 0:
      use_heap(self);
      break;
    case 1:
      slm_process_purge();
      break;
    case 2:
      look(self);
      break;
    default:
      switch (below(self, 10)) {
      case 0:
        read_letters(self);
        break;
      case 1:
        reallocate(self);
        break;
      case 2:
      case 3:
      case 4:
        if (self->count) discard(take(self));
        break;
      default:
        allocate(self);
      }
    }
  }
  // Half of the rest is left to whoever comes next.
  while (self->count > 1) {
    discard(take(self));
    keep(self, take(self));
  }
  while (self->count) discard(take(self));
  return NULL;
}

// Takes a heap and gives it back, while all others do: what was freed to an idle one is collected.
static void *take_heap(void *argument) {
  slm_free(slm_malloc(1));
  pthread_barrier_wait(argument);
  return NULL;
}

int main(int count, char **arguments) {
  if (count > 1) rounds = strtoul(arguments[1], NULL, 10);
  uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : (uint64_t)time(NULL);
  printf("threads: seed %llu\n", (unsigned long long)seed);
  slm_process_options options = {.struct_size = sizeof options};
  slm_process_configure(NULL, &options);
  options.purge_delay = 20;
  options.retain = 4 << 20;
  if (slm_process_configure(&options, NULL) != SLM_OK) fail("options");
  shared = slm_heap_create(NULL, NULL);
  if (!shared) fail("no heap");
  static worker workers[THREADS];
  pthread_t threads[THREADS];
  for (unsigned i = 0; i < THREADS; i++) pthread_mutex_init(&mailboxes[i].lock, NULL);
  for (unsigned generation = 0; generation < GENERATIONS; generation++) {
    for (unsigned i = 0; i < THREADS; i++) {
      workers[i].index = i;
      workers[i].random = seed * 1000 + generation * THREADS + i;
      if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) fail("no thread");
    }
    for (unsigned i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  }
  for (unsigned i = 0; i < THREADS; i++) read_letters(&(worker){.index = i});
  size_t live = 1;
  if (slm_heap_destroy(shared, &live) != SLM_OK || live != 0) fail("objects of the shared heap were lost");
  slm_process_purge(); // what a hardened heap holds back
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (unsigned i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, take_heap, &barrier) != 0) fail("no thread");
  for (unsigned i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  slm_process_usage all = {.struct_size = sizeof all};
  slm_process_statistics(&all);
  if (all.large_live != 0) fail("large objects were lost");
  for (size_t i = 0; i < all.class_count; i++) {
    slm_class_statistics one = {.struct_size = sizeof one};
    slm_process_class_statistics(i, &one);
    if (one.slots_live != 0) fail("objects were lost");
  }
  puts("threads: ok");
  return 0;
}
