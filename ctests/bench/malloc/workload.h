// What the workloads share: arguments, a random number generator, stamped objects, threads. Each workload is a program
//   WORKLOAD [THREADS [PERCENT [VARIANT]]]
// that does a fixed amount of work, PERCENT of the usual one, shared out to its threads, and prints its seed. It calls
// the process's malloc, whichever that is, and fails when an object doesn't hold what was written to it.
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 64

// The smallest object that holds a stamp.
#define STAMP_SIZE sizeof(uint64_t)

static unsigned thread_count = 1;
static size_t percent = 100;
static const char *variant = "";
static uint64_t seed = 20190401;

_Noreturn static void die(const char *what) {
  fprintf(stderr, "workload: %s (seed %llu)\n", what, (unsigned long long)seed);
  exit(2);
}

// --- Random numbers ----------------------------------------------------------------------------------

// A generator for each thread, whose number this is. The state must not be 0: it would stay 0.
static inline uint64_t random_start(uint64_t number) {
  uint64_t state = (seed + 1 + number) * 0x9E3779B97F4A7C15ULL;
  return state != 0 ? state : 1;
}

// xorshift64*.
static inline uint64_t random_next(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545F4914F6CDD1DULL;
}

// 0 ..< limit.
static inline size_t random_below(uint64_t *state, size_t limit) {
  return (size_t)((random_next(state) >> 32) * limit >> 32);
}

// low ... high.
static inline size_t random_between(uint64_t *state, size_t low, size_t high) {
  return low + random_below(state, high - low + 1);
}

// low ..< low << doublings, each doubling as often as each other: small sizes are the common ones.
static inline size_t random_doubling(uint64_t *state, size_t low, unsigned doublings) {
  size_t base = low << random_below(state, doublings);
  return base + random_below(state, base);
}

// --- Stamped objects ---------------------------------------------------------------------------------

// The stamp tells the object's place and size, so that an overlap with another object is seen.
static inline uint64_t stamp_of(const void *object, size_t size) {
  return (uint64_t)(uintptr_t)object ^ (size * 0x9E3779B97F4A7C15ULL);
}

static inline void stamp(void *object, size_t size) {
  if (object == NULL) die("out of memory");
  if ((uintptr_t)object % (size < 16 ? 8 : 16) != 0) die("an object is not aligned");
  *(volatile uint64_t *)object = stamp_of(object, size);
  if (size > STAMP_SIZE) ((volatile unsigned char *)object)[size - 1] = (unsigned char)(size ^ 0x5A);
}

static inline void check(const void *object, size_t size) {
  if (*(const volatile uint64_t *)object != stamp_of(object, size)) die("an object lost its stamp");
  if (size > STAMP_SIZE && ((const volatile unsigned char *)object)[size - 1] != (unsigned char)(size ^ 0x5A))
    die("an object lost its last byte");
}

static inline void *allocate(size_t size) {
  void *object = malloc(size);
  stamp(object, size);
  return object;
}

// The stamp goes before the object does: whoever was handed the same memory finds it missing.
static inline void deallocate(void *object, size_t size) {
  check(object, size);
  *(volatile uint64_t *)object = 0;
  free(object);
}

// A place for an object, empty when size is 0.
typedef struct slot {
  void *object;
  size_t size;
} slot;

static inline void slot_fill(slot *slot, size_t size) {
  slot->object = allocate(size);
  slot->size = size;
}

static inline void slot_clear(slot *slot) {
  if (slot->size == 0) return;
  deallocate(slot->object, slot->size);
  slot->size = 0;
}

static inline void slot_replace(slot *slot, size_t size) {
  slot_clear(slot);
  slot_fill(slot, size);
}

static inline void slots_clear(slot *slots, size_t count) {
  for (size_t i = 0; i < count; i++) slot_clear(&slots[i]);
}

// --- Arguments and threads ---------------------------------------------------------------------------

static inline void workload_start(int argc, char **argv) {
  const char *text = getenv("SLM_TEST_SEED");
  if (text != NULL) seed = strtoull(text, NULL, 0);
  if (argc > 1) thread_count = (unsigned)strtoul(argv[1], NULL, 10);
  if (argc > 2) percent = strtoul(argv[2], NULL, 10);
  if (argc > 3) variant = argv[3];
  if (argc > 4 || thread_count == 0 || thread_count > THREADS_MAX || percent == 0)
    die("usage: WORKLOAD [THREADS [PERCENT [VARIANT]]]");
  printf("seed %llu\n", (unsigned long long)seed);
}

// This many times of all threads together, PERCENT of it, as the share of one thread.
static inline size_t share_of(size_t count) {
  count = count * percent / 100 / thread_count;
  return count != 0 ? count : 1;
}

static inline pthread_t thread_start(void *(*body)(void *), void *argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, argument) != 0) die("pthread_create failed");
  return thread;
}

static inline void thread_join(pthread_t thread) {
  if (pthread_join(thread, NULL) != 0) die("pthread_join failed");
}

// Runs a body in each thread, with its number as argument. One thread is the program's own: it stays single-threaded.
static inline void threads_run(void *(*body)(void *)) {
  pthread_t threads[THREADS_MAX];
  if (thread_count == 1) {
    body((void *)0);
    return;
  }
  for (uintptr_t i = 0; i < thread_count; i++) threads[i] = thread_start(body, (void *)i);
  for (unsigned i = 0; i < thread_count; i++) thread_join(threads[i]);
}

#endif
