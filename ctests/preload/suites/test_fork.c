/* fork() from a program whose threads allocate: the child allocates, frees what other threads allocated, starts
 * threads, and forks again. */
#include "../support/busy.h"
#include "../support/child.h"

enum { SHARED = 512 };

/** Objects of all threads of the parent. Each says its size; 0 marks one that is being made. */
static _Atomic(size_t *) shared_objects[SHARED];

static void *share_objects(void *argument) {
  busy *b = argument;
  uint64_t random = (uintptr_t)&random;
  while (!b->stop) {
    size_t size = busy_size(&random);
    size_t *object = malloc(size);
    if (object == NULL) b->faults++;
    else {
      object[0] = size;
      pattern_fill(object + 1, size - 8, (uintptr_t)object);
    }
    free(atomic_exchange(&shared_objects[random_below(&random, SHARED)], object));
    b->rounds++;
  }
  return NULL;
}

static size_t work(uint64_t seed) {
  size_t *kept[BUSY_KEPT] = {NULL};
  size_t faults = busy_round(kept, &seed, 300);
  busy_free(kept);
  return faults;
}

static void *work_in_thread(void *faults) {
  *(size_t *)faults = work((uintptr_t)&faults);
  return NULL;
}

/** What every child does: 0 if all went well. */
static int in_child(int depth) {
  alarm(240);
  if (work((uint64_t)depth) != 0) return 1;
  for (size_t i = 0; i < SHARED; i++) {
    size_t *object = atomic_exchange(&shared_objects[i], NULL);
    if (object == NULL) continue;
    if (!pattern_holds(object + 1, object[0] - 8, (uintptr_t)object)) return 2;
    free(object);
  }
  size_t faults = 1;
  pthread_t thread;
  if (pthread_create(&thread, NULL, work_in_thread, &faults) != 0 || pthread_join(thread, NULL) != 0) return 3;
  if (faults != 0) return 4;
  if (depth == 2) return 0;
  pid_t pid = fork();
  if (pid == 0) _exit(in_child(depth + 1));
  int status;
  if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return 5;
  return WEXITSTATUS(status) == 0 && work(9) == 0 ? 0 : 10 + WEXITSTATUS(status);
}

static int fork_once(void) {
  pid_t pid = fork();
  if (pid == 0) _exit(in_child(0));
  int status;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return -1;
  return status;
}

static void from_a_threaded_program(void **state) {
  (void)state;
  busy b;
  memset(&b, 0, sizeof b);
  for (size_t i = 0; i < BUSY_THREADS; i++) start_thread(&b.threads[i], share_objects, &b);
  for (size_t i = 0; i < 60; i++) {
    assert_int_equal(fork_once(), 0);
    assert_int_equal(work(i), 0);
  }
  busy_stop(&b);
  for (size_t i = 0; i < SHARED; i++) free(atomic_exchange(&shared_objects[i], NULL));
}

static void *fork_often(void *faults) {
  for (size_t i = 0; i < 12; i++) {
    if (fork_once() != 0) ++*(atomic_size_t *)faults;
    if (work(i) != 0) ++*(atomic_size_t *)faults;
  }
  return NULL;
}

static void from_several_threads_at_once(void **state) {
  (void)state;
  atomic_size_t faults = 0;
  pthread_t threads[4];
  for (size_t i = 0; i < COUNT_OF(threads); i++) start_thread(&threads[i], fork_often, &faults);
  for (size_t i = 0; i < COUNT_OF(threads); i++) join_thread(threads[i]);
  assert_int_equal(faults, 0);
}

static atomic_size_t prepared, in_parents, in_children;

static void count_and_allocate(atomic_size_t *count) {
  void *object = opaque(malloc(100 + *count)), *large = opaque(malloc(300000));
  if (object != NULL && large != NULL) ++*count;
  free(object);
  free(large);
}

static void prepare(void) { count_and_allocate(&prepared); }
static void in_parent(void) { count_and_allocate(&in_parents); }
static void in_forked(void) { count_and_allocate(&in_children); }

/** Handlers of pthread_atfork() that allocate, as libraries have them. */
static void atfork_handlers_allocate(void **state) {
  (void)state;
  assert_int_equal(pthread_atfork(prepare, in_parent, in_forked), 0);
  busy b;
  busy_start(&b);
  for (size_t i = 1; i <= 40; i++) {
    pid_t pid = fork();
    if (pid == 0) _exit(in_children == 1 && prepared == i && work(i) == 0 ? 0 : 1);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(prepared, i);
    assert_int_equal(in_parents, i);
  }
  busy_stop(&b);
}

/** A child that ends by exit() runs the handlers that the parent had registered. */
static int end_by_exit(void *argument) {
  (void)argument;
  if (work(1) != 0) return 1;
  exit(0);
}

static void a_child_that_exits(void **state) {
  (void)state;
  busy b;
  busy_start(&b);
  for (size_t i = 0; i < 20; i++) {
    child c;
    child_call(&c, end_by_exit, NULL);
    assert_child_fine(&c);
  }
  busy_stop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(from_a_threaded_program),
      cmocka_unit_test(from_several_threads_at_once),
      cmocka_unit_test(a_child_that_exits),
      cmocka_unit_test(atfork_handlers_allocate),
  };
  return cmocka_run_group_tests_name("preload fork", tests, NULL, NULL);
}
