// Runs each workload under callgrind, one dump a row, for check-instructions.sh to count what the library executed.
// The warm-up goes before the counters are cleared: a row is the steady state, with its share of page and word changes.
// Prints "row pairs" for each row. Outside valgrind it does the same work and counts nothing.
#define _GNU_SOURCE
#include "allocators.h"
#include <valgrind/callgrind.h>

#define NAME per_cpu
#define ALLOCATOR slm_zone
#define ALLOCATE(allocator, size) slm_zone_allocate(allocator, size)
#define DEALLOCATE(allocator, object, size) ((void)(size), slm_zone_deallocate(allocator, object))
#include "workloads-of.h"

#define CPUS 4
static slm_zone *open_per_cpu(void) {
  static struct {
    SLM_ALIGNAS(64) unsigned char bytes[SLM_ZONE_STORAGE_SIZE + CPUS * SLM_ZONE_CPU_STORAGE_SIZE];
  } storage;
  slm_options options = *SLM_OPTIONS(slm_mmap_provider());
  options.threads = SLM_PER_CPU;
  options.cpu_count = CPUS;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  if (zone == NULL) die("slm_zone_init failed");
  return zone;
}

#define NAME sized
#define ALLOCATOR slm_zone
#define ALLOCATE(allocator, size) slm_zone_allocate(allocator, size)
#define DEALLOCATE(allocator, object, size) slm_zone_deallocate_sized(allocator, object, size)
#include "workloads-of.h"

// The profiles: a zone with a flag.
static slm_zone *open_profile(uint64_t flags) {
  static slm_zone_storage storage;
  slm_options options = *SLM_OPTIONS(slm_mmap_provider());
  options.flags = flags;
  return slm_zone_init(&storage, sizeof storage, &options, NULL);
}

#define PAIRS 10000
#define LIVE_SIZE 64
#define LIVE_MAX 1000000

static void dump_calls(const char *workload, size_t number, size_t calls) {
  char row[64];
  snprintf(row, sizeof row, "%s-%zu", workload, number);
  CALLGRIND_DUMP_STATS_AT(row);
  printf("%s %zu\n", row, calls);
}

static void dump_row(const char *workload, size_t number) { dump_calls(workload, number, PAIRS); }

// Runs an expression twice, to warm up and to count.
#define COUNT(workload, number, run)                                                                                   \
  do {                                                                                                                 \
    run;                                                                                                               \
    CALLGRIND_ZERO_STATS;                                                                                              \
    run;                                                                                                               \
    dump_row(workload, number);                                                                                        \
  } while (0)

// Each row has a fresh allocator, so that no row depends on the one before.
static void count_size(size_t size) {
  slm_zone *zone = open_zone();
  COUNT("pair", size, zone_pairs(zone, size, PAIRS));
  close_zone(zone);
  for (int order = 0; order < ORDER_COUNT; order++) {
    zone = open_zone();
    COUNT(order_names[order], size, zone_batches(zone, size, PAIRS, orders[order]));
    close_zone(zone);
  }
  zone = open_zone();
  COUNT("sized", size, sized_pairs(zone, size, PAIRS));
  close_zone(zone);
  slm_cache *cache = open_cache(size);
  COUNT("cache", size, cache_pairs(cache, size, PAIRS));
  close_cache(cache);
  zone = open_any_thread();
  COUNT("any-thread", size, any_thread_pairs(zone, size, PAIRS));
  close_zone(zone);
  zone = open_per_cpu();
  COUNT("per-cpu", size, per_cpu_pairs(zone, size, PAIRS));
  close_zone(zone);
}

static void count_live(size_t live_count) {
  static void *live[LIVE_MAX];
  slm_zone *zone = open_zone();
  zone_fill(zone, LIVE_SIZE, live, live_count);
  // A fresh set lies in full pages; replacing as many objects as there are leaves it in the state it keeps.
  zone_replace(zone, LIVE_SIZE, live_count, live, live_count);
  COUNT("live", live_count, zone_replace(zone, LIVE_SIZE, PAIRS, live, live_count));
  zone_drain(zone, LIVE_SIZE, live, live_count);
  close_zone(zone);
}

static void count_profiles(size_t size) {
  slm_zone *zone = open_profile(SLM_HARDENED);
  COUNT("hardened", size, zone_pairs(zone, size, PAIRS));
  slm_zone_destroy(zone, NULL);
  zone = open_profile(SLM_FAST);
  COUNT("fast-sized", size, sized_pairs(zone, size, PAIRS));
  slm_zone_destroy(zone, NULL);
}

#include "instructions-worst.h"

#include "instructions-regions.h"

#include "instructions-frames.h"

int main(void) {
  prepare_orders();
  fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
  for (size_t i = 0; i < SIZE_COUNT; i++) count_size(sizes[i]);
  slm_zone *zone = open_zone();
  COUNT("pair", (size_t)65536, zone_pairs(zone, 65536, PAIRS));
  close_zone(zone);
  count_live(100);
  count_live(10000);
  count_live(LIVE_MAX);
  count_profiles(64);
  count_profiles(1024);
  count_worst();
  count_regions();
  count_frames();
  return 0;
}
