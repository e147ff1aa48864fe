/* Giants: objects of hundreds of MiB and more cost what their mapping costs. That is counted in page faults, or is a
 * time beside another one of the same moment: the best of some rounds, as the machine may do something else meanwhile.
 * The limits are wide: what they rule out was ten times slower and more. */
#include "../support/preload.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define GIB (1024 * MIB)

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

/** Page faults of this thread so far. */
static size_t faults(void) {
  struct rusage usage;
  assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
  return (size_t)(usage.ru_minflt + usage.ru_majflt);
}

/** The time of an object that comes and goes, and that of a mapping of its size. Of both so many bytes are used. */
typedef struct pair {
  double object, mapping;
} pair;

static pair best_of_pairs(size_t size, size_t used) {
  pair best = {1e9, 1e9};
  for (size_t round = 0; round < 200; round++) {
    double start = microseconds();
    char *object = opaque(malloc(size));
    if (used > 0) memset(object, 1, used);
    free(object);
    double middle = microseconds();
    char *mapping = opaque(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (used > 0) memset(mapping, 1, used);
    munmap(mapping, size);
    double end = microseconds();
    if (middle - start < best.object) best.object = middle - start;
    if (end - middle < best.mapping) best.mapping = end - middle;
  }
  return best;
}

static void an_untouched_giant_costs_nothing(void **state) {
  (void)state;
  free(opaque(malloc(500 * MIB)));
  size_t before = resident();
  char *giant = opaque(malloc(500 * MIB));
  assert_non_null(giant);
  size_t cost = resident() - before;
  free(giant);
  if (cost > 100 * KIB) fail_msg("%zu KiB", cost / KIB);
  pair best = best_of_pairs(500 * MIB, 0);
  print_message("a giant: %.1f us, its mapping: %.1f us\n", best.object, best.mapping);
  if (best.object > 12 * best.mapping) fail_msg("%.1f us a pair, a mapping %.1f us", best.object, best.mapping);
}

/** By steps it grows with its mapping, and no byte is copied: that would touch each page. */
static void a_giant_grows_by_steps(void **state) {
  (void)state;
  enum { STEPS = 200 };
  size_t size = GIB;
  char *giant = malloc(size);
  assert_non_null(giant);
  for (size_t i = 0; i < size; i += MIB) giant[i] = (char)(i >> 20);
  size_t start = faults();
  for (size_t i = 0; i < STEPS; i++) {
    size += 64 * KIB;
    assert_non_null(giant = realloc(giant, size));
    giant[size - 1] = 1;
  }
  size_t touched = faults() - start;
  print_message("%zu page faults in %d steps\n", touched, STEPS);
  if (touched > 16 * STEPS) fail_msg("%zu page faults in %d steps", touched, STEPS);
  for (size_t i = 0; i < GIB; i += MIB) assert_int_equal(giant[i], (char)(i >> 20));
  size_t before = resident();
  assert_ptr_equal(realloc(giant, 10 * MIB), giant);
  assert_true(resident() < before - 3 * MIB);
  for (size_t i = 0; i < 10 * MIB; i += MIB) assert_int_equal(giant[i], (char)(i >> 20));
  free(giant);
}

static size_t mappings(void) {
  size_t lines = 0;
  FILE *file = fopen("/proc/self/maps", "r");
  assert_non_null(file);
  for (int c; (c = fgetc(file)) != EOF;) lines += c == '\n';
  fclose(file);
  return lines;
}

/** An object that became a giant by steps is one mapping of the system, which grows and moves as one: each step that
 *  copies or splits it leaves mappings. */
static void a_buffer_grows_into_a_giant(void **state) {
  (void)state;
  enum { BUFFERS = 3, FIRST = 4, LONE = 48, LAST = 160 };
  char *buffers[BUFFERS] = {NULL};
  size_t before = 0;
  for (size_t size = FIRST; size <= LAST; size++) {
    if (size == LONE) before = mappings();
    for (size_t i = 0; i < BUFFERS; i++) { /* in turn: they are in each other's way */
      assert_non_null(buffers[i] = realloc(buffers[i], size * MIB));
      buffers[i][size * MIB - 1] = (char)(size + i);
    }
  }
  size_t now = mappings();
  if (now > before + (LAST - LONE) * BUFFERS / 8) fail_msg("%zu mappings, %zu before", now, before);
  for (size_t i = 0; i < BUFFERS; i++) {
    for (size_t size = FIRST; size <= LAST; size++) assert_int_equal(buffers[i][size * MIB - 1], (char)(size + i));
    free(buffers[i]);
  }
}

static void many_giants_live_at_once(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  static char *giants[COUNT];
  uint64_t random = suite_seed();
  for (size_t i = 0; i < COUNT; i++) {
    assert_non_null(giants[i] = malloc(GIB));
    giants[i][0] = (char)i;
    assert_int_equal(malloc_usable_size(giants[i]), GIB);
  }
  shuffle((void **)giants, COUNT, &random);
  for (size_t i = 0; i < COUNT; i++) {
    giants[i][GIB - 1] = 1;
    free(giants[i]);
  }
}

static atomic_int ends;
static atomic_size_t pairs;
static double worst;

static void *work(void *unused) {
  while (!ends) {
    double start = microseconds();
    char *object = malloc(200000);
    object[0] = 1;
    free(object);
    double time = microseconds() - start;
    if (time > worst) worst = time;
    pairs++;
  }
  return unused;
}

/** Frees a giant beside a thread that allocates. Whether that one went on meanwhile, and waited for no more than a part
 *  of the time: at most for some pieces of memory that are purged. */
static bool goes_on_beside_a_giant(void) {
  enum { GOES_ON = 20 };
  pthread_t thread;
  char *giant = malloc(GIB);
  memset(giant, 1, GIB);
  ends = 0, pairs = 0, worst = 0;
  start_thread(&thread, work, NULL);
  while (pairs < GOES_ON) pause_for(1);
  size_t before = pairs;
  double start = microseconds();
  free(giant);
  double took = microseconds() - start;
  size_t meanwhile = pairs - before;
  ends = 1;
  join_thread(thread);
  print_message("%zu pairs in %.0f us, the longest %.0f us\n", meanwhile, took, worst);
  return meanwhile >= GOES_ON && worst <= took / 2;
}

/** A thread also waits for its processor, which is no matter of malloc: so it may be tried a few times. */
static void freeing_a_giant_stalls_nobody(void **state) {
  (void)state;
  bool goes_on = false;
  for (size_t i = 0; i < 30 && !goes_on; i++) goes_on = goes_on_beside_a_giant();
  assert_true(goes_on);
}

/** Memory that was used before is not touched where the program does not touch it. */
static void a_large_calloc_stays_sparse(void **state) {
  (void)state;
  enum { COUNT = 8, SIZE = 20 << 20 };
  char *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) memset(objects[i] = malloc(SIZE), 1, SIZE);
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
  for (size_t i = 0; i < COUNT; i++) {
    assert_non_null(objects[i] = calloc(1, SIZE));
    for (size_t k = 0; k < SIZE; k += MIB) assert_int_equal(objects[i][k], 0);
  }
  size_t now = resident();
  if (now > 20 * MIB) fail_msg("%zu MiB", now / MIB);
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
}

/** A pair of a large object of which one byte is used, also where a freed one may not be used again at once. */
static void a_large_object_that_is_hardly_touched_is_cheap(void **state) {
  (void)state;
  static const size_t sizes[] = {150000, 1000000, 5000000, 20000000};
  size_t before = resident();
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    pair best = best_of_pairs(sizes[i], 1);
    print_message("%zu bytes: %.1f us, a mapping %.1f us\n", sizes[i], best.object, best.mapping);
    if (best.object > 10 * best.mapping)
      fail_msg("%zu bytes: %.1f us, a mapping %.1f us", sizes[i], best.object, best.mapping);
  }
  size_t now = resident();
  if (now > before + 2 * MIB) fail_msg("%zu KiB more", (now - before) / KIB);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(an_untouched_giant_costs_nothing),
      cmocka_unit_test(a_giant_grows_by_steps),
      cmocka_unit_test(a_buffer_grows_into_a_giant),
      cmocka_unit_test(many_giants_live_at_once),
      cmocka_unit_test(freeing_a_giant_stalls_nobody),
      cmocka_unit_test(a_large_calloc_stays_sparse),
      cmocka_unit_test(a_large_object_that_is_hardly_touched_is_cheap),
  };
  return cmocka_run_group_tests_name("preload giants", tests, NULL, NULL);
}
