/* What the malloc family says about itself: usable sizes, mallinfo, malloc_info, malloc_stats, mallopt, malloc_trim. */
#include "../support/child.h"
#include "../support/preload.h"

static void usable_sizes(void **state) {
  (void)state;
  assert_int_equal(malloc_usable_size(NULL), 0);
  for (size_t size = 1; size < 2 * MIB; size += 1 + size / 20) {
    char *object = malloc(size);
    size_t usable = malloc_usable_size(object);
    assert_true(usable >= size && usable <= size + size / 2 + 4096);
    assert_int_equal(malloc_usable_size(object), usable);
    /* All of it is the caller's: what it writes there stays, and is carried along. */
    pattern_fill(opaque(object), usable, 3);
    object = realloc(object, usable + 1);
    assert_true(pattern_holds(object, usable, 3));
    free(object);
  }
}

/** Objects of every kind, of which each thread frees some that others made. */
enum { MANY = 6000, THREADS = 3 };
static char *many[MANY];

static size_t size_of(size_t i) { return i % 50 == 0 ? 200000 + i * 10 : i % 7 == 0 ? 5000 + i : i % 600; }

static void *make_some(void *first) {
  for (size_t i = (size_t)(uintptr_t)first; i < MANY; i += THREADS) {
    switch (i % 4) {
    case 0:
      many[i] = calloc(1, size_of(i));
      break;
    case 1:
      many[i] = memalign((size_t)16 << i % 9, size_of(i));
      break;
    case 2:
      many[i] = realloc(malloc(10), size_of(i) + 1);
      break;
    default:
      many[i] = malloc(size_of(i));
      break;
    }
  }
  return NULL;
}

/** Frees objects of the thread before, so that some of them wait for their owner, and many of them are in quarantine
 *  in a hardened process. */
static void *free_some(void *first) {
  for (size_t i = ((size_t)(uintptr_t)first + 1) % THREADS; i < MANY; i += THREADS) {
    if (i % 5 != 0) continue;
    free(many[i]);
    many[i] = NULL;
  }
  return NULL;
}

static size_t usable_sizes_of_many(void) {
  size_t sum = 0;
  for (size_t i = 0; i < MANY; i++) sum += malloc_usable_size(many[i]);
  return sum;
}

static pthread_barrier_t turn;

/** Lives on after its turns, with its heap and what waits in it. */
static void *take_turns(void *number) {
  make_some(number);
  pthread_barrier_wait(&turn);
  pthread_barrier_wait(&turn);
  free_some(number);
  pthread_barrier_wait(&turn);
  pthread_barrier_wait(&turn);
  return NULL;
}

/** mallinfo2 counts every live object by its usable size and no other: the threads and their stacks are there before
 *  the first look and after the last one. */
static void uordblks_is_exact(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  assert_int_equal(pthread_barrier_init(&turn, NULL, THREADS + 1), 0);
  size_t before = mallinfo2().uordblks;
  for (size_t i = 0; i < THREADS; i++) start_thread(&threads[i], take_turns, (void *)(uintptr_t)i);
  pthread_barrier_wait(&turn);
  /* What a thread itself takes stays until it is joined. */
  size_t own = mallinfo2().uordblks - before - usable_sizes_of_many();
  assert_true(own < 10000);
  pthread_barrier_wait(&turn);
  pthread_barrier_wait(&turn);
  assert_int_equal(mallinfo2().uordblks - before - usable_sizes_of_many(), own);
  for (size_t i = 0; i < MANY; i += 2) free(many[i]), many[i] = NULL;
  assert_int_equal(mallinfo2().uordblks - before - usable_sizes_of_many(), own);
  char *giant = malloc((size_t)1200 * MIB);
  assert_int_equal(mallinfo2().uordblks - before - usable_sizes_of_many() - malloc_usable_size(giant), own);
  free(opaque(giant));
  pthread_barrier_wait(&turn);
  for (size_t i = 0; i < THREADS; i++) join_thread(threads[i]);
  for (size_t i = 0; i < MANY; i++) free(many[i]), many[i] = NULL;
  size_t after = mallinfo2().uordblks;
  assert_true(after >= before && after - before <= own);
  pthread_barrier_destroy(&turn);
}

/** One object of each size is one more by its usable size, and none when it is freed. */
static void uordblks_follows_each_object(void **state) {
  (void)state;
  for (size_t size = 0; size < 3 * MIB; size += 1 + size / 20) {
    size_t before = mallinfo2().uordblks;
    char *object = opaque(malloc(size));
    assert_int_equal(mallinfo2().uordblks, before + malloc_usable_size(object));
    object = opaque(realloc(object, size / 2 + 1));
    assert_int_equal(mallinfo2().uordblks, before + malloc_usable_size(object));
    free(object);
    assert_int_equal(mallinfo2().uordblks, before);
  }
}

/** The number behind a name in a line that starts so. */
static size_t number_in(const char *xml, const char *start, const char *name) {
  const char *line = strstr(xml, start);
  if (line == NULL) fail_msg("no '%s' in '%s'", start, xml);
  char wanted[64];
  snprintf(wanted, sizeof wanted, " %s=\"", name);
  const char *number = strstr(line, wanted);
  if (number == NULL || number > strchr(line, '\n')) fail_msg("no '%s' behind '%s' in '%s'", wanted, start, xml);
  return strtoull(number + strlen(wanted), NULL, 10);
}

/** malloc_info's sums are those of mallinfo2, its parts come to the sums, and an object more is one more. */
static void malloc_info_is_this_mallocs(void **state) {
  (void)state;
  static char xml[20000], again[20000];
  FILE *file = fmemopen(xml, sizeof xml, "w");
  char *object = malloc(100), *large = malloc(MIB);
  fprintf(file, " ");
  fflush(file);
  rewind(file);
  errno = 4711;
  size_t live = mallinfo2().uordblks;
  assert_int_equal(malloc_info(0, file), 0);
  assert_int_equal(errno, 4711);
  fclose(file);
  assert_int_equal(strncmp(xml, "<malloc version=\"slabmalloc-1\">\n", 32), 0);
  assert_non_null(strstr(xml, "\n</malloc>\n"));
  assert_int_equal(number_in(xml, "<total type=\"live\"", "size"), live);
  size_t count = number_in(xml, "<large", "count");
  assert_true(count >= 1 && number_in(xml, "<large", "size") >= malloc_usable_size(large));
  for (char *line = strstr(xml, "<class"); line != NULL; line = strstr(line + 1, "<class"))
    count += number_in(line, "<class", "count");
  assert_int_equal(number_in(xml, "<total type=\"live\"", "count"), count);
  struct mallinfo2 info = mallinfo2();
  assert_int_equal(number_in(xml, "<system type=\"current\"", "size"), info.arena + info.hblkhd);
  char start[64];
  snprintf(start, sizeof start, "<class size=\"%zu\"", malloc_usable_size(object) + (is_hardened() ? 8 : 0));
  size_t objects = number_in(xml, start, "count");
  char *more[10];
  for (size_t i = 0; i < 10; i++) more[i] = opaque(malloc(100));
  file = fmemopen(again, sizeof again, "w");
  assert_int_equal(malloc_info(0, file), 0);
  fclose(file);
  assert_int_equal(number_in(again, start, "count"), objects + 10);
  for (size_t i = 0; i < 10; i++) free(more[i]);
  free(object), free(large);
  /* As glibc says it. */
  assert_int_equal(malloc_info(1, stdout), EINVAL);
}

/** The table on stderr is this malloc's, and counts the live objects. */
static int print_statistics(void *argument) {
  (void)argument;
  /* Objects of one size alone, which no stream allocates. */
  for (size_t i = 0; i < 1000; i++)
    if (opaque(malloc(7000)) == NULL) return 1;
  malloc_stats();
  return 0;
}

static void malloc_stats_is_this_mallocs(void **state) {
  (void)state;
  child c;
  child_call(&c, print_statistics, NULL);
  assert_true(child_exited(&c, 0));
  char start[64];
  snprintf(start, sizeof start, "[%d], profile %s, table 1, in bytes\n", (int)c.pid,
           is_hardened() ? "hardened" : "checked");
  assert_int_equal(strncmp(c.err, "slabmalloc: ", 12), 0);
  assert_non_null(strstr(c.err, start));
  const char *row = strstr(c.err, "\n       7168 ");
  assert_non_null(row);
  unsigned long slabs, slots, live;
  assert_int_equal(sscanf(row, " 7168 %lu %lu %lu", &slabs, &slots, &live), 3);
  assert_in_range(live, 1000, 1010);
}

/** M_TRIM_THRESHOLD is obeyed, which its result says; nothing else is. */
static int trim_above(int threshold) {
  if (mallopt(M_TRIM_THRESHOLD, threshold) != 1) return 2;
  size_t before = resident();
  char *object = opaque(malloc(40 * MIB));
  memset(object, 1, 40 * MIB);
  free(object);
  size_t left = resident() - before;
  printf("%zu\n", left / MIB);
  return 0;
}

static void mallopt_is_truthful(void **state) {
  (void)state;
  static const int without_effect[] = {M_MXFAST,  M_TOP_PAD,    M_MMAP_THRESHOLD, M_MMAP_MAX, M_CHECK_ACTION,
                                       M_PERTURB, M_ARENA_TEST, M_ARENA_MAX,      0,          4711,
                                       INT_MIN,   INT_MAX};
  for (size_t i = 0; i < COUNT_OF(without_effect); i++) assert_int_equal(mallopt(without_effect[i], 1), 0);
  static const char *const late[] = {"SLABMALLOC_PURGE_DELAY=100000", NULL};
  child c;
  child_run_self(&c, "20000000", late);
  assert_child_fine(&c);
  assert_true(strtoull(c.out, NULL, 10) < 5);
  child_run_self(&c, "-1", late);
  assert_child_fine(&c);
  /* The memory of a hardened process's large objects goes at once. */
  size_t stays = strtoull(c.out, NULL, 10);
  if (is_hardened()) assert_in_range(stays, 0, 4);
  else assert_in_range(stays, 39, 48);
}

/** The bytes taken follow what is allocated. */
static void mallinfo2_is_plausible(void **state) {
  (void)state;
  enum { COUNT = 20000, SIZE = 1000 };
  static char *objects[COUNT];
  struct mallinfo2 before = mallinfo2();
  assert_true(before.uordblks <= before.arena + before.hblkhd);
  for (size_t i = 0; i < COUNT; i++) memset(opaque(objects[i] = malloc(SIZE)), 1, SIZE);
  char *large = malloc(50 * MIB);
  struct mallinfo2 during = mallinfo2();
  size_t taken = COUNT * SIZE + 50 * MIB, in_use = during.uordblks + during.hblkhd;
  assert_true(in_use >= before.uordblks + before.hblkhd + taken * 9 / 10);
  assert_true(in_use <= before.uordblks + before.hblkhd + taken * 2);
  assert_true(during.arena + during.hblkhd >= taken);
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
  free(opaque(large));
  struct mallinfo2 after = mallinfo2();
  assert_true(after.uordblks + after.hblkhd <= before.uordblks + before.hblkhd + taken / 10);
}

/** The old function has ints: the same figures, as far as they fit. */
static void mallinfo_is_mallinfo2(void **state) {
  (void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  struct mallinfo narrow = mallinfo();
#pragma GCC diagnostic pop
  struct mallinfo2 wide = mallinfo2();
  assert_true(wide.uordblks > 0 && wide.arena + wide.hblkhd < INT_MAX);
  assert_int_equal((size_t)narrow.uordblks, wide.uordblks);
  assert_int_equal((size_t)narrow.arena, wide.arena);
  assert_int_equal((size_t)narrow.hblkhd, wide.hblkhd);
}

/** 1 if memory was given back, as glibc says; and it is back at once, without a purge delay. */
static void malloc_trim_gives_memory_back(void **state) {
  (void)state;
  enum { COUNT = 40000, SIZE = 1000 };
  static char *objects[COUNT];
  memset(objects, 0, sizeof objects);
  malloc_trim(0);
  size_t before = resident();
  for (size_t i = 0; i < COUNT; i++) memset(opaque(objects[i] = malloc(SIZE)), 1, SIZE);
  assert_true(resident() >= before + 38 * MIB);
  for (size_t i = 0; i < COUNT; i++) free(objects[i]);
  assert_int_equal(malloc_trim(0), 1);
  size_t after = resident();
  if (after > before + before / 10) fail_msg("resident: %zu KiB before, %zu KiB after", before / KIB, after / KIB);
  assert_in_range(malloc_trim(SIZE_MAX / 2), 0, 1);
}

int main(int argc, char **argv) {
  if (argc == 2) return trim_above((int)strtol(argv[1], NULL, 10));
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(usable_sizes),
      cmocka_unit_test(uordblks_is_exact),
      cmocka_unit_test(uordblks_follows_each_object),
      cmocka_unit_test(malloc_info_is_this_mallocs),
      cmocka_unit_test(malloc_stats_is_this_mallocs),
      cmocka_unit_test(mallopt_is_truthful),
      cmocka_unit_test(mallinfo2_is_plausible),
      cmocka_unit_test(mallinfo_is_mallinfo2),
      cmocka_unit_test(malloc_trim_gives_memory_back),
  };
  return cmocka_run_group_tests_name("preload information", tests, NULL, NULL);
}
