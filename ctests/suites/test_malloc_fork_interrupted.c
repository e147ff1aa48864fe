/* fork() in a signal handler that interrupted malloc, free or another fork(), after any of their instructions. The
 * parent and each child finish the interrupted call when their handler returns, and both heaps work afterwards. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"
#include "../support/step.h"

#include <sys/wait.h>

enum { LARGE = 2 * SLM_MAX_SIZE, SMALL = 3000, COUNT = 40, PATIENCE = 100 };

static void *objects[COUNT];
static pid_t tester, inner = -1;
static volatile sig_atomic_t forks, is_child_wrong;

static size_t size_of(size_t index) { return index % 8 == 0 ? LARGE : SMALL; }

/** Whether many objects keep their content, and the ledger closes. */
static bool works(void) {
  bool is_right = misuses.count == 0;
  for (size_t i = 0; i < COUNT; i++) {
    objects[i] = slm_malloc(size_of(i));
    if (objects[i] == NULL) return false;
    pattern_fill(objects[i], size_of(i), i);
  }
  for (size_t i = 0; i < COUNT; i++) {
    is_right = is_right && pattern_holds(objects[i], size_of(i), i);
    slm_free(objects[i]);
  }
  slm_process_usage now = {.struct_size = sizeof now};
  if (slm_process_statistics(&now) != SLM_OK) return false;
  uint64_t held = now.bytes_slabs + now.bytes_large + now.bytes_metadata + now.bytes_retained + now.bytes_clean;
  return is_right && now.bytes_taken - now.bytes_given_back == held && now.large_live == 0;
}

/** A child gets so many seconds, as it does not inherit the alarm of the tester. Waits for it in the parent. */
static pid_t fork_and_wait(void) {
  int status = 0;
  pid_t pid = fork();
  forks++;
  if (pid == 0) alarm(PATIENCE);
  else if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) is_child_wrong = true;
  return pid;
}

/** The child returns from the handler and finishes the interrupted call. It takes no further steps. */
static bool fork_in_handler(void) {
  int saved = errno;
  pid_t pid = getpid() == tester ? fork_and_wait() : 0;
  errno = saved;
  return pid != 0;
}

/** The interrupted fork has a child too. Only one of the processes that came out of it is the parent of that child. */
static void wait_for_inner(void) {
  int status = 0;
  if (inner > 0 && waitpid(inner, &status, 0) == inner && status != 0) is_child_wrong = true;
  if (inner == 0) alarm(PATIENCE);
}

static void everywhere(void (*call)(void), size_t stride) {
  if (!CAN_STEP) skip();
  slm_process_set_misuse_handler((slm_misuse_handler){record_misuse, &misuses});
  slm_free(slm_malloc(LARGE));
  tester = getpid();
  forks = 0;
  is_child_wrong = false;
  alarm(500);
  size_t steps = step_through(call, fork_in_handler, stride);
  wait_for_inner();
  if (getpid() != tester) _exit(works() && !is_child_wrong ? 0 : 1);
  alarm(0);
  print_message("%d forks in %zu instructions\n", (int)forks, steps);
  assert_true(forks > 10);
  assert_false(is_child_wrong);
  assert_true(works());
}

/** Page runs are taken and given back, under the lock that all heaps share. */
static void allocate_and_free(void) {
  for (size_t i = 0; i < 2; i++) objects[i] = slm_malloc(LARGE);
  for (size_t i = 0; i < 2; i++) slm_free(objects[i]);
}

static void of_page_runs(void **state) {
  (void)state;
  everywhere(allocate_and_free, 41);
}

/** The first objects of a size make a slab, which goes with the last. */
static void make_slab(void) {
  for (size_t i = 0; i < 2; i++) objects[i] = slm_malloc(SMALL * 3);
  for (size_t i = 0; i < 2; i++) slm_free(objects[i]);
}

static void of_a_slab(void **state) {
  (void)state;
  everywhere(make_slab, 101);
}

static void fork_as_well(void) { inner = fork(); }

static void of_another_fork(void **state) {
  (void)state;
  everywhere(fork_as_well, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_page_runs),
      cmocka_unit_test(of_a_slab),
      cmocka_unit_test(of_another_fork),
  };
  return cmocka_run_group_tests_name("fork interrupts slm_malloc", tests, NULL, NULL);
}
