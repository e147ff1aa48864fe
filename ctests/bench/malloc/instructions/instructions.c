// Runs each workload under callgrind, one dump a row, for check-instructions.sh to count what the preloaded library
// executed for malloc and free. Each row runs twice, to warm up and to count: a row is the steady state, with its share
// of slab changes. Prints "row pairs" for each row. Outside valgrind it does the same work and counts nothing.
#include "../../workloads.h"
#include <valgrind/callgrind.h>

// malloc as an allocator: the type is not used.
#define NAME process
#define ALLOCATOR void
#define ALLOCATE(allocator, size) ((void)(allocator), malloc(size))
#define DEALLOCATE(allocator, object, size) ((void)(allocator), (void)(size), free(object))
#include "../../workloads-of.h"

#define PAIRS 10000
#define LIVE_SIZE 64
#define LIVE_MAX 100000

static const size_t process_sizes[] = {16, 64, 256, 1024, 8192};

static void dump_row(const char *workload, size_t number) {
  char row[64];
  snprintf(row, sizeof row, "%s-%zu", workload, number);
  CALLGRIND_DUMP_STATS_AT(row);
  printf("%s %d\n", row, PAIRS);
}

#define COUNT(workload, number, run)                                                                                   \
  do {                                                                                                                 \
    run;                                                                                                               \
    CALLGRIND_ZERO_STATS;                                                                                              \
    run;                                                                                                               \
    dump_row(workload, number);                                                                                        \
  } while (0)

static void count_size(size_t size) {
  COUNT("pair", size, process_pairs(NULL, size, PAIRS));
  for (int order = 0; order < ORDER_COUNT; order++)
    COUNT(order_names[order], size, process_batches(NULL, size, PAIRS, orders[order]));
}

static void count_live(size_t live_count) {
  static void *live[LIVE_MAX];
  process_fill(NULL, LIVE_SIZE, live, live_count);
  // A fresh set lies in full slabs; replacing as many objects as there are leaves it in the state it keeps.
  process_replace(NULL, LIVE_SIZE, live_count, live, live_count);
  COUNT("live", live_count, process_replace(NULL, LIVE_SIZE, PAIRS, live, live_count));
  process_drain(NULL, LIVE_SIZE, live, live_count);
}

int main(void) {
  prepare_orders();
  fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
  for (size_t i = 0; i < sizeof process_sizes / sizeof process_sizes[0]; i++) count_size(process_sizes[i]);
  count_live(100);
  count_live(LIVE_MAX);
  return 0;
}
