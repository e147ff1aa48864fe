// Runs the workloads on the heaps. For each row and heap it prints: row, heap, nanoseconds a pair; under callgrind a
// dump has the instructions of the row's pairs, without the warm-up.
// usage: bench [gate]    gate: only what the gate of `make check` needs
#include "heap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <valgrind/callgrind.h>

#define MEMORY ((size_t)1 << 30)
#define PAIRS 10000
#define BATCH 1000
#define MAX_LIVE 1000000
#define SEED 0x9e3779b97f4a7c15

static uint64_t state;
static uint64_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}
static uint32_t below(uint32_t bound) { return (uint32_t)((next_random() >> 32) * bound >> 32); }

static struct object {
  uint64_t *memory;
  size_t size;
} live[MAX_LIVE];

static const struct heap *heap;

static size_t one_size; // of all objects; 0: sizes are mixed
static void make(struct object *object) {
  object->size = one_size != 0 ? one_size : 16 + below(497);
  object->memory = heap->allocate(object->size);
  if (object->memory == NULL) {
    fprintf(stderr, "%s is out of memory\n", heap->name);
    exit(1);
  }
  *object->memory = object->size;
}
static void end(struct object *object) {
  if (heap != &no_heap && *object->memory != object->size) {
    fprintf(stderr, "%s gave one memory to two objects\n", heap->name);
    exit(1);
  }
  heap->deallocate(object->memory, object->size);
}

static void pairs(size_t count) {
  for (size_t i = 0; i < count; i++) {
    make(&live[0]);
    end(&live[0]);
  }
}

static void lifo(size_t count) {
  for (; count > 0; count -= BATCH) {
    for (size_t i = 0; i < BATCH; i++) make(&live[i]);
    for (size_t i = BATCH; i-- > 0;) end(&live[i]);
  }
}
static void fifo(size_t count) {
  for (; count > 0; count -= BATCH) {
    for (size_t i = 0; i < BATCH; i++) make(&live[i]);
    for (size_t i = 0; i < BATCH; i++) end(&live[i]);
  }
}
static void in_random_order(size_t count) {
  for (; count > 0; count -= BATCH) {
    for (size_t i = 0; i < BATCH; i++) make(&live[i]);
    for (uint32_t left = BATCH; left > 0; left--) {
      uint32_t i = below(left);
      end(&live[i]);
      live[i] = live[left - 1];
    }
  }
}

static uint32_t live_count;
static void replace(size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct object *object = &live[below(live_count)];
    end(object);
    make(object);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void run_row(const char *row, void (*workload)(size_t), uint32_t live_objects, size_t size, void *memory) {
  state = SEED;
  one_size = size;
  heap->start(memory, MEMORY);
  live_count = live_objects;
  for (uint32_t i = 0; i < live_count; i++) make(&live[i]);
  // A fresh set lies in order; replacing as many objects as there are leaves it as it stays.
  workload(live_count > PAIRS ? live_count : PAIRS);
  double least = 0;
  for (int run = 0; run < 5; run++) {
    if (run == 0) {
      CALLGRIND_START_INSTRUMENTATION;
      CALLGRIND_ZERO_STATS;
    }
    double started = now();
    workload(PAIRS);
    double time = now() - started;
    if (run == 0 || time < least) least = time;
    if (run == 0) {
      CALLGRIND_DUMP_STATS_AT(row);
      CALLGRIND_STOP_INSTRUMENTATION;
      if (RUNNING_ON_VALGRIND) break;
    }
  }
  printf("%s\t%s\t%.1f\n", row, heap->name, least / PAIRS);
  fflush(stdout);
}

static const struct row {
  const char *name;
  void (*workload)(size_t);
  uint32_t live_objects;
  size_t size;
} rows[] = {
    {"pairs of 8 bytes", pairs, 0, 8},
    {"pairs of 64 bytes", pairs, 0, 64},
    {"pairs of 1 KiB", pairs, 0, 1024},
    {"pairs of 64 KiB", pairs, 0, 65536},
    {"pairs", pairs, 0, 0},
    {"batch, last in first out", lifo, 0, 0},
    {"batch, first in first out", fifo, 0, 0},
    {"batch, random order", in_random_order, 0, 0},
    {"replace, 100 live", replace, 100, 0},
    {"replace, 10000 live", replace, 10000, 0},
    {"replace, 100000 live", replace, 100000, 0},
    {"replace, 1000000 live", replace, 1000000, 0},
};
static const struct heap *const heaps[] = {&no_heap, &linked_list, &tlsf, &buddy, &zone, &zone_64, &per_cpu_zone};

int main(int argc, char **argv) {
  bool gate = argc == 2 && strcmp(argv[1], "gate") == 0;
  fprintf(stderr, "seed %llx\n", (unsigned long long)SEED);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    for (size_t k = 0; k < sizeof heaps / sizeof *heaps; k++) {
      heap = heaps[k];
      if (heap == &linked_list && row->live_objects > 10000) continue; // minutes
      if (gate && (row->live_objects == 0 || row->live_objects == 100000)) continue;
      if (gate && heap != &no_heap && heap != &linked_list && heap != &zone) continue;
      void *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (memory == MAP_FAILED) return 1;
      run_row(row->name, row->workload, row->live_objects, row->size, memory);
      munmap(memory, MEMORY);
    }
  }
}
