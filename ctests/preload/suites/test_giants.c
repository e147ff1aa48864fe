/* Giants: objects of hundreds of MiB and more cost what their mapping costs. Times are those of the best of some
 * rounds, and the limits are wide: what they rule out was ten times slower and more. */
#include "../support/preload.h"

#define GIB (1024 * MIB)

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static void an_untouched_giant_costs_nothing(void **state) {
  (void)state;
  double best = 1e9;
  free(opaque(malloc(500 * MIB)));
  size_t before = resident();
  char *giant = opaque(malloc(500 * MIB));
  assert_non_null(giant);
  size_t cost = resident() - before;
  free(giant);
  if (cost > 100 * KIB) fail_msg("%zu KiB", cost / KIB);
  for (size_t i = 0; i < 200; i++) {
    double start = microseconds();
    free(opaque(malloc(500 * MIB)));
    double time = microseconds() - start;
    if (time < best) best = time;
  }
  if (best > 40) fail_msg("%.1f us a pair", best);
}

/** By steps it grows with its mapping, and no byte is copied. */
static void a_giant_grows_by_steps(void **state) {
  (void)state;
  enum { STEPS = 200 };
  size_t size = GIB;
  char *giant = malloc(size);
  assert_non_null(giant);
  for (size_t i = 0; i < size; i += MIB) giant[i] = (char)(i >> 20);
  double start = microseconds();
  for (size_t i = 0; i < STEPS; i++) {
    size += 64 * KIB;
    assert_non_null(giant = realloc(giant, size));
    giant[size - 1] = 1;
  }
  double step = (microseconds() - start) / STEPS;
  if (step > 2000) fail_msg("%.0f us a step", step);
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

static atomic_int begins, ends;
static double worst;

static void *work(void *unused) {
  while (!begins) {
  }
  while (!ends) {
    double start = microseconds();
    char *object = malloc(200000);
    object[0] = 1;
    free(object);
    double time = microseconds() - start;
    if (time > worst) worst = time;
  }
  return unused;
}

/** The other waits for no more than a part of it: at most some pieces of memory that are purged. */
static void freeing_a_giant_stalls_nobody(void **state) {
  (void)state;
  pthread_t thread;
  start_thread(&thread, work, NULL);
  char *giant = malloc(GIB);
  memset(giant, 1, GIB);
  begins = 1;
  pause_for(20);
  double start = microseconds();
  free(giant);
  double took = microseconds() - start;
  ends = 1;
  join_thread(thread);
  if (worst > took / 2) fail_msg("%.0f us of %.0f", worst, took);
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
    double best = 1e9;
    for (size_t round = 0; round < 200; round++) {
      double start = microseconds();
      char *object = opaque(malloc(sizes[i]));
      object[0] = 1;
      free(object);
      double time = microseconds() - start;
      if (time < best) best = time;
    }
    if (best > 30) fail_msg("%zu bytes: %.1f us", sizes[i], best);
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
