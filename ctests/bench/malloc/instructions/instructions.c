// Runs each workload under callgrind, one dump a row, for check-instructions.sh to count what the preloaded library
// executed for malloc and free. Each row runs twice, to warm up and to count: a row is the steady state, with its share
// of slab changes. Prints "row pairs" for each row. Outside valgrind it does the same work and counts nothing.
#include "../../workloads.h"
#include <dlfcn.h>
#include <pthread.h>
#include <valgrind/callgrind.h>

// malloc as an allocator: the type is not used.
#define NAME process
#define ALLOCATOR void
#define ALLOCATE(allocator, size) ((void)(allocator), malloc(size))
#define DEALLOCATE(allocator, object, size) ((void)(allocator), (void)(size), free(object))
#include "../../workloads-of.h"

// C++'s operators new and delete with a size, of whichever library has them; malloc and free if none has.
static void *(*operator_new)(size_t);
static void (*operator_delete)(void *, size_t);
#define NAME operators
#define ALLOCATOR void
#define ALLOCATE(allocator, size) ((void)(allocator), operator_new(size))
#define DEALLOCATE(allocator, object, size) ((void)(allocator), operator_delete(object, size))
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

static void free_any(void *object, size_t size) {
  (void)size;
  free(object);
}

static void count_operators(const char *row, const char *new_name, const char *delete_name) {
  void *new_function = dlsym(RTLD_DEFAULT, new_name), *delete_function = dlsym(RTLD_DEFAULT, delete_name);
  bool has_both = new_function != NULL && delete_function != NULL;
  operator_new = has_both ? (void *(*)(size_t))new_function : malloc;
  operator_delete = has_both ? (void (*)(void *, size_t))delete_function : free_any;
  COUNT(row, (size_t)64, operators_pairs(NULL, 64, PAIRS));
}

// Objects that one thread allocates and another frees. The threads take turns, a batch each: one waits while the other
// works, so that the count is the same in each run. What they execute to wait is not the library's.
static struct {
  void *objects[BATCH];
  enum { FREE, FORGET, END } task;
  pthread_barrier_t turn;
} remote;

static void *free_batches(void *nothing) {
  // A heap of its own, as a thread has that allocates too.
  free(malloc(LIVE_SIZE));
  for (;;) {
    pthread_barrier_wait(&remote.turn);
    if (remote.task == END) return nothing;
    if (remote.task == FORGET) CALLGRIND_ZERO_STATS;
    else
      for (size_t i = 0; i < BATCH; i++) free(remote.objects[i]);
    pthread_barrier_wait(&remote.turn);
  }
}

static void take_turns(int task) {
  remote.task = task;
  pthread_barrier_wait(&remote.turn);
  if (task != END) pthread_barrier_wait(&remote.turn);
}

static void remote_batches(size_t size, size_t count) {
  for (size_t done = 0; done < count; done += BATCH) {
    for (size_t i = 0; i < BATCH; i++) {
      remote.objects[i] = malloc(size);
      use(remote.objects[i]);
    }
    take_turns(FREE);
  }
}

static void count_remote(size_t size) {
  pthread_t thread;
  pthread_barrier_init(&remote.turn, NULL, 2);
  if (pthread_create(&thread, NULL, free_batches, NULL) != 0) die("no thread");
  // As COUNT. Each thread forgets what it counted itself.
  remote_batches(size, PAIRS);
  take_turns(FORGET);
  CALLGRIND_ZERO_STATS;
  remote_batches(size, PAIRS);
  dump_row("remote", size);
  take_turns(END);
  pthread_join(thread, NULL);
  pthread_barrier_destroy(&remote.turn);
}

int main(void) {
  prepare_orders();
  fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
  for (size_t i = 0; i < sizeof process_sizes / sizeof process_sizes[0]; i++) count_size(process_sizes[i]);
  count_live(100);
  count_live(LIVE_MAX);
  for (size_t size = 64; size <= 1024; size *= 16) count_remote(size);
  count_operators("sized", "_Znwm", "_ZdlPvm");
  count_operators("sized-array", "_Znam", "_ZdaPvm");
  for (size_t size = 256 << 10; size <= 1 << 20; size *= 4) COUNT("pair", size, process_pairs(NULL, size, PAIRS));
  return 0;
}
