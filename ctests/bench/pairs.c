// Measures slm_zone beside the process's malloc, in nanoseconds per allocate+deallocate pair. The zone doesn't use
// malloc, so both live in one process and take turns: noise on the machine hits both. Another malloc comes in by
// LD_PRELOAD, or is linked in from its archive, when this file is compiled with LINKED_AS_ARCHIVES. bench.sh runs each
// and makes the tables. Usage:
//   pairs [--touch] [--expect NAME]   prints "WORKLOAD size zone_ns malloc_ns floor_ns" and the same for "live count"
//   pairs [--touch] --families        prints "family size zone_ns cache_ns any_thread_ns"
//   pairs [--expect NAME] --resident zone|malloc
//                                     prints "resident KiB": the peak with 1,000,000 live objects of 64 bytes
// --expect NAME exits with 3 unless malloc is that of an object file with NAME in its name: a preload that didn't
// happen.
#define _GNU_SOURCE
#include "allocators.h"
#include "floor.h"
#ifndef LINKED_AS_ARCHIVES
#include <dlfcn.h>
#endif
#include <sys/resource.h>
#include <time.h>

// malloc as an allocator: the type is not used.
#define NAME peer
#define ALLOCATOR void
#define ALLOCATE(allocator, size) ((void)(allocator), malloc(size))
#define DEALLOCATE(allocator, object, size) ((void)(allocator), (void)(size), free(object))
#include "workloads-of.h"

#define NAME floor
#define ALLOCATOR void
#define ALLOCATE(allocator, size) ((void)(allocator), floor_allocate(size))
#define DEALLOCATE(allocator, object, size) ((void)(allocator), (void)(size), floor_deallocate(object))
#include "workloads-of.h"

// Pairs in one repetition. Fewer of the large objects: for 8 KiB a malloc may call the kernel for each batch.
#define PAIRS 100000
static size_t pairs_of(size_t size) { return size > 1024 ? PAIRS / 10 : PAIRS; }

#define REPETITIONS 9
#define LIVE_SIZE 64
#define LIVE_MAX 1000000

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values) {
  qsort(values, REPETITIONS, sizeof values[0], compare);
  return values[REPETITIONS / 2];
}

// Nanoseconds per pair of an expression that runs count pairs.
#define TIME(result, run)                                                                                              \
  do {                                                                                                                 \
    double start = now();                                                                                              \
    run;                                                                                                               \
    (result) = (now() - start) / (double)count;                                                                        \
  } while (0)

// Each in turn, zone and peer alternating in who is first; one repetition more than is kept, as the first warms up.
#define TIME_EACH(zone_run, peer_run, floor_run)                                                                       \
  double zone_times[REPETITIONS + 1], peer_times[REPETITIONS + 1], floor_times[REPETITIONS + 1];                       \
  for (int i = 0; i <= REPETITIONS; i++) {                                                                             \
    if (i % 2 == 0) TIME(zone_times[i], zone_run);                                                                     \
    TIME(peer_times[i], peer_run);                                                                                     \
    if (i % 2 != 0) TIME(zone_times[i], zone_run);                                                                     \
    TIME(floor_times[i], floor_run);                                                                                   \
  }                                                                                                                    \
  double zone_time = median(zone_times + 1), peer_time = median(peer_times + 1), floor_time = median(floor_times + 1)

static void measure_size(size_t size) {
  size_t count = pairs_of(size);
  slm_zone *zone = open_zone();
  {
    TIME_EACH(zone_pairs(zone, size, count), peer_pairs(NULL, size, count), floor_pairs(NULL, size, count));
    printf("pair %zu %.3f %.3f %.3f\n", size, zone_time, peer_time, floor_time);
  }
  for (int order = 0; order < ORDER_COUNT; order++) {
    TIME_EACH(zone_batches(zone, size, count, orders[order]), peer_batches(NULL, size, count, orders[order]),
              floor_batches(NULL, size, count, orders[order]));
    printf("%s %zu %.3f %.3f %.3f\n", order_names[order], size, zone_time, peer_time, floor_time);
  }
  close_zone(zone);
}

static void measure_live(size_t live_count) {
  static void *zone_live[LIVE_MAX], *peer_live[LIVE_MAX], *floor_live[LIVE_MAX];
  size_t count = PAIRS;
  slm_zone *zone = open_zone();
  zone_fill(zone, LIVE_SIZE, zone_live, live_count);
  peer_fill(NULL, LIVE_SIZE, peer_live, live_count);
  floor_fill(NULL, LIVE_SIZE, floor_live, live_count);
  // A fresh set lies in address order; replacing as many objects as there are leaves it in the state it keeps.
  zone_replace(zone, LIVE_SIZE, live_count, zone_live, live_count);
  peer_replace(NULL, LIVE_SIZE, live_count, peer_live, live_count);
  TIME_EACH(zone_replace(zone, LIVE_SIZE, count, zone_live, live_count),
            peer_replace(NULL, LIVE_SIZE, count, peer_live, live_count),
            floor_replace(NULL, LIVE_SIZE, count, floor_live, live_count));
  printf("live %zu %.3f %.3f %.3f\n", live_count, zone_time, peer_time, floor_time);
  zone_drain(zone, LIVE_SIZE, zone_live, live_count);
  peer_drain(NULL, LIVE_SIZE, peer_live, live_count);
  floor_drain(NULL, LIVE_SIZE, floor_live, live_count);
  close_zone(zone);
}

static void measure_families(size_t size) {
  size_t count = pairs_of(size);
  slm_zone *zone = open_zone();
  slm_cache *cache = open_cache(size);
  slm_zone *shared = open_any_thread();
  double times[3][REPETITIONS + 1];
  for (int i = 0; i <= REPETITIONS; i++) {
    TIME(times[0][i], zone_pairs(zone, size, count));
    TIME(times[1][i], cache_pairs(cache, size, count));
    TIME(times[2][i], any_thread_pairs(shared, size, count));
  }
  printf("family %zu %.3f %.3f %.3f\n", size, median(times[0] + 1), median(times[1] + 1), median(times[2] + 1));
  close_zone(zone);
  close_cache(cache);
  close_zone(shared);
}

// The objects are chained through their first word, so that every one is resident and no table of them is.
static void measure_resident(bool of_zone) {
  slm_zone *zone = of_zone ? open_zone() : NULL;
  void **chain = NULL;
  for (size_t i = 0; i < LIVE_MAX; i++) {
    void **object = of_zone ? slm_zone_allocate(zone, LIVE_SIZE) : malloc(LIVE_SIZE);
    use(object);
    *object = chain;
    chain = object;
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("resident %ld\n", usage.ru_maxrss);
  while (chain != NULL) {
    void **next = *chain;
    if (of_zone) slm_zone_deallocate(zone, chain);
    else free(chain);
    chain = next;
  }
  if (of_zone) close_zone(zone);
}

static void expect_malloc_of(const char *name) {
#ifdef LINKED_AS_ARCHIVES
  (void)name;
  die("--expect is for shared objects: whose malloc is linked in was checked by the linker");
#else
  Dl_info info;
  void *function = dlsym(RTLD_DEFAULT, "malloc");
  if (function != NULL && dladdr(function, &info) != 0 && strstr(info.dli_fname, name) != NULL) return;
  fprintf(stderr, "bench: malloc is not that of %s\n", name);
  exit(3);
#endif
}

int main(int argc, char **argv) {
  prepare_orders();
  bool families = false;
  const char *resident = NULL;
  for (int i = 1; i < argc; i++) {
    bool more = i + 1 < argc;
    if (strcmp(argv[i], "--touch") == 0) touch = true;
    else if (strcmp(argv[i], "--families") == 0) families = true;
    else if (strcmp(argv[i], "--expect") == 0 && more) expect_malloc_of(argv[++i]);
    else if (strcmp(argv[i], "--resident") == 0 && more) resident = argv[++i];
    else die("usage: pairs [--touch] [--expect NAME] [--families | --resident zone|malloc]");
  }
  printf("seed %llu\n", (unsigned long long)seed);
  if (resident != NULL) {
    if (strcmp(resident, "zone") != 0 && strcmp(resident, "malloc") != 0) die("--resident takes zone or malloc");
    measure_resident(strcmp(resident, "zone") == 0);
  } else if (families) {
    for (size_t i = 0; i < SIZE_COUNT; i++) measure_families(sizes[i]);
  } else {
    for (size_t i = 0; i < SIZE_COUNT; i++) measure_size(sizes[i]);
    for (size_t count = 100; count <= LIVE_MAX; count *= 10) measure_live(count);
  }
  return 0;
}
