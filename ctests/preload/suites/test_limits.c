/* Little memory: under a small limit of the address space or of writable memory the program starts, gets ENOMEM when
 * the limit is reached, and goes on when it has freed something.
 *
 * RLIMIT_AS is `ulimit -v`. RLIMIT_DATA stands in for vm.overcommit_memory=2, which is the whole machine's: both count
 * private writable mappings when they are mapped or made writable, and neither counts address space without access. */
#include "../support/child.h"
#include "../support/preload.h"

/** What a child does when the limit is in force. The limit is the size of the role. */
static int fill_and_recover(size_t limit, size_t size) {
  static char *objects[1000000];
  for (size_t round = 0; round < 3; round++) {
    size_t count = 0;
    errno = 0;
    while (count < COUNT_OF(objects) && (objects[count] = malloc(size)) != NULL) {
      memset(objects[count], (int)count, size);
      count++;
    }
    if (count == COUNT_OF(objects) || errno != ENOMEM) return 10;
    /* At least half of what the limit allows is to be had, each time. */
    if (count * size < limit / 2) return 11;
    errno = 0;
    if (calloc(1, limit) != NULL || errno != ENOMEM) return 12;
    if (realloc(objects[0], limit) != NULL) return 13;
    for (size_t i = 0; i < count; i++) {
      if (objects[i][0] != (char)i || objects[i][size - 1] != (char)i) return 14;
    }
    /* With something freed, something can be allocated: the same size, then others. */
    for (size_t i = 0; i < count / 2; i++) free(objects[i]);
    for (size_t i = 0; i < count / 4; i++)
      if ((objects[i] = malloc(size)) == NULL) return 15;
    for (size_t i = 0; i < count / 4; i++) free(objects[i]);
    for (size_t i = count / 2; i < count; i++) free(objects[i]);
  }
  /* Memory that small objects had serves a large one, and the other way round. */
  char *large = malloc(limit / 4);
  if (large == NULL) return 16;
  memset(large, 1, limit / 4);
  free(large);
  return (objects[0] = malloc(100)) == NULL ? 17 : 0;
}

/** Threads that all run into the limit at the same time. They begin when all are there, as a thread needs memory too.
 *  One alone does not reach the limit, so in the first round all keep what they have until the last one has taken. */
static pthread_barrier_t together;

static void *take_all(void *argument) {
  size_t *failures = argument;
  pthread_barrier_wait(&together);
  void *objects[800];
  for (size_t round = 0; round < 100; round++) {
    size_t count = 0;
    while (count < COUNT_OF(objects) && (objects[count] = malloc(200000 >> count % 10)) != NULL)
      memset(objects[count++], 1, 100);
    if (count < COUNT_OF(objects)) ++*failures;
    if (round == 0) pthread_barrier_wait(&together);
    for (size_t i = 0; i < count; i++) free(objects[i]);
  }
  return NULL;
}

static int threads_at_the_limit(void) {
  enum { THREADS = 8 };
  pthread_t threads[THREADS];
  size_t failures[THREADS] = {0}, sum = 0;
  char *most = malloc(80 * MIB);
  if (most == NULL) return 20;
  memset(most, 1, 80 * MIB);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  pthread_barrier_init(&together, NULL, THREADS);
  for (size_t i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], &attributes, take_all, &failures[i]) != 0) return 21;
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL), sum += failures[i];
  free(most);
  if (sum == 0) return 22; /* it was no limit */
  return fill_and_recover(50 * MIB, 2000);
}

/** The limit is set in the process that runs, or was there when it started. */
static int run_role(const char *role) {
  if (strcmp(role, "threads") == 0) return threads_at_the_limit();
  struct rlimit space, data;
  getrlimit(RLIMIT_AS, &space);
  getrlimit(RLIMIT_DATA, &data);
  size_t limit = space.rlim_cur < data.rlim_cur ? space.rlim_cur : data.rlim_cur;
  return fill_and_recover(limit, strtoull(role, NULL, 10));
}

static void run_under(int resource, size_t limit, const char *role) {
  child c;
  if (child_fork(&c)) {
    struct rlimit both = {limit, limit};
    if (setrlimit(resource, &both) != 0) _exit(3);
    exec_self(role);
    _exit(127);
  }
  child_wait(&c);
  if (!child_exited(&c, 0) || c.err[0] != '\0')
    fail_msg("limit of %zu MiB, %s: status %#x, stderr '%s'", limit / MIB, role, (unsigned)c.status, c.err);
}

static const char *const sizes[] = {"200", "5000", "100000", "1000000"};

static void address_space_from_the_start(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) run_under(RLIMIT_AS, 200 * MIB, sizes[i]);
}

static void writable_memory_from_the_start(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) run_under(RLIMIT_DATA, 150 * MIB, sizes[i]);
}

static void threads_that_reach_it_together(void **state) {
  (void)state;
  run_under(RLIMIT_AS, 180 * MIB, "threads");
  run_under(RLIMIT_DATA, 140 * MIB, "threads");
}

/** A limit below what the process has already: what is there works on, and nothing more is to be had. */
static int limit_a_running_process(void *argument) {
  int resource = *(int *)argument;
  char *object = malloc(5000), *large = malloc(3 * MIB);
  memset(object, 1, 5000), memset(large, 2, 3 * MIB);
  struct rlimit none = {1, RLIM_INFINITY}, before;
  if (getrlimit(resource, &before) != 0 || setrlimit(resource, &none) != 0) return 2;
  errno = 0;
  char *more = opaque(malloc(64 * MIB));
  if (more != NULL || errno != ENOMEM) return 3;
  if (realloc(large, 64 * MIB) != NULL || large[3 * MIB - 1] != 2) return 4;
  for (size_t i = 0; i < 10; i++) {
    if ((object = realloc(object, 4000 + i % 2 * 1000)) == NULL || object[3999] != 1) return 5;
  }
  free(object);
  free(large);
  if (setrlimit(resource, &before) != 0 || (object = malloc(64 * MIB)) == NULL) return 6;
  memset(object, 1, 64 * MIB);
  free(object);
  return 0;
}

static void limits_that_come_later(void **state) {
  (void)state;
  static int resources[] = {RLIMIT_AS, RLIMIT_DATA};
  for (size_t i = 0; i < COUNT_OF(resources); i++) {
    child c;
    child_call(&c, limit_a_running_process, &resources[i]);
    assert_child_fine(&c);
  }
}

int main(int argc, char **argv) {
  if (argc == 2) return run_role(argv[1]);
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(address_space_from_the_start),
      cmocka_unit_test(writable_memory_from_the_start),
      cmocka_unit_test(threads_that_reach_it_together),
      cmocka_unit_test(limits_that_come_later),
  };
  return cmocka_run_group_tests_name("preload limits", tests, NULL, NULL);
}
