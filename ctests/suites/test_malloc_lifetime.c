/* Before main, after the exit handlers, and on both sides of a fork. */
#include "../support/process_threads.h"
#include "../support/process_work.h"

#include <stdatomic.h>
#include <sys/wait.h>

static unsigned char *early, *late;
static size_t early_faults = 1;

__attribute__((constructor)) static void before_main(void) {
  early_faults = work(1, 2000);
  early = slm_calloc(10, 100);
  late = slm_malloc(MIB);
  if (early != NULL) pattern_fill(early, 1000, 1);
  if (late != NULL) pattern_fill(late, MIB, 2);
}

/** Runs after the handlers of atexit(). What goes wrong here becomes the exit status. */
__attribute__((destructor)) static void after_exit_handlers(void) {
  if (late == NULL || !pattern_holds(late, MIB, 2) || work(2, 2000) != 0) _exit(3);
  slm_free_sized(late, MIB);
}

static void at_exit(void) {
  if (work(3, 2000) != 0 || slm_usable_size(late) < MIB) _exit(4);
}

static void objects_from_before_main(void **state) {
  (void)state;
  assert_int_equal(early_faults, 0);
  assert_non_null(early);
  assert_non_null(late);
  assert_true(pattern_holds(early, 1000, 1));
  slm_free_sized(early, 1000);
  assert_int_equal(atexit(at_exit), 0);
}

/** Runs a function in a child; its result is the exit status. A child that hangs is ended by its alarm. */
static void in_child(size_t (*body)(void)) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(240);
    _exit(body() == 0 ? 0 : 1);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

enum { COUNT = 500 };
static void *own[COUNT], *of_thread[COUNT];
static load own_load = {own, COUNT, 300}, thread_load = {of_thread, COUNT, 5000};

static size_t use_what_the_parent_made(void) {
  size_t faults = (size_t)free_load(&own_load) + (size_t)free_load(&thread_load);
  faults += work(5, 5000);
  allocate_load(&own_load);
  return faults + (size_t)free_load(&own_load);
}

static void a_child_has_the_objects_of_its_parent(void **state) {
  (void)state;
  for (size_t round = 0; round < 5; round++) {
    allocate_load(&own_load);
    on_thread(allocate_load, &thread_load);
    in_child(use_what_the_parent_made);
    assert_null(free_load(&own_load));
    assert_null(free_load(&thread_load));
    assert_int_equal(work(round, 5000), 0);
  }
}

static atomic_bool stop;

static void *keep_busy(void *member) {
  size_t *faults = member;
  for (uint64_t seed = (uintptr_t)member; !stop; seed++) *faults += work(seed, 200);
  return NULL;
}

static void *work_on_thread(void *argument) {
  (void)argument;
  return (void *)work(7, 2000);
}

static size_t use_threads(void) {
  size_t faults = work(6, 2000);
  for (size_t i = 0; i < 3; i++) faults += (size_t)on_thread(work_on_thread, NULL);
  return faults;
}

/** A fork may come while other threads are anywhere in the allocator; their locks must not stay taken in the child. */
static void a_fork_while_others_allocate(void **state) {
  (void)state;
  enum { BUSY = 3 };
  static size_t faults[BUSY];
  pthread_t threads[BUSY];
  for (size_t i = 0; i < BUSY; i++) assert_int_equal(pthread_create(&threads[i], NULL, keep_busy, &faults[i]), 0);
  for (size_t i = 0, forks = rounds_of(100, 30); i < forks; i++) in_child(use_threads);
  stop = true;
  for (size_t i = 0; i < BUSY; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(faults[i], 0);
  }
  assert_int_equal(work(8, 5000), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(objects_from_before_main),
      cmocka_unit_test(a_child_has_the_objects_of_its_parent),
      cmocka_unit_test(a_fork_while_others_allocate),
  };
  return cmocka_run_group_tests_name("slm_malloc from start to exit", tests, NULL, NULL);
}
