/* A timer that interrupts malloc and free thousands of times a second. Its handler does not allocate; without
 * SA_RESTART system calls of the library return EINTR. */
#include "../support/busy.h"

#include <signal.h>
#include <sys/time.h>

static atomic_size_t signals;
static atomic_int handler_errno;

/** As a handler may, it changes errno and puts it back; it uses a little stack. */
static void count(int number) {
  (void)number;
  int kept = errno;
  volatile char stack[1024];
  stack[0] = stack[1023] = 1;
  errno = handler_errno = EINTR;
  signals++;
  errno = kept;
}

enum { ENOUGH = 200 };

/** For a second, and until there were enough signals: how often they come depends on what else the machine does.
 *  Besides small objects, large ones, which need the system: a call that fails there by EINTR would be seen. */
static size_t work_while_interrupted(void) {
  size_t *kept[BUSY_KEPT] = {NULL};
  uint64_t random = 5, start = milliseconds();
  size_t faults = 0;
  for (uint64_t passed = 0; passed < 1000 || (signals < ENOUGH && passed < 120000); passed = milliseconds() - start) {
    faults += busy_round(kept, &random, 200);
    char *large = malloc(20 * MIB);
    if (large == NULL) faults++;
    else {
      large[0] = large[20 * MIB - 1] = 1;
      char *grown = realloc(large, 40 * MIB);
      faults += grown == NULL || grown[0] != 1 || grown[20 * MIB - 1] != 1;
      free(grown);
    }
    if (random % 16 == 0) malloc_trim(0);
  }
  busy_free(kept);
  return faults;
}

static void interrupt(int which, int number, int flags) {
  struct sigaction action = {.sa_handler = count, .sa_flags = flags}, before;
  struct itimerval timer = {.it_interval = {0, 100}, .it_value = {0, 100}}, off = {{0, 0}, {0, 0}};
  assert_int_equal(sigaction(number, &action, &before), 0);
  signals = 0;
  busy b;
  busy_start(&b);
  assert_int_equal(setitimer(which, &timer, NULL), 0);
  size_t faults = work_while_interrupted();
  assert_int_equal(setitimer(which, &off, NULL), 0);
  busy_stop(&b);
  assert_int_equal(faults, 0);
  assert_true(signals >= ENOUGH);
  assert_int_equal(sigaction(number, &before, NULL), 0);
}

static void real_time_without_restart(void **state) {
  (void)state;
  interrupt(ITIMER_REAL, SIGALRM, 0);
}

static void real_time_with_restart(void **state) {
  (void)state;
  interrupt(ITIMER_REAL, SIGALRM, SA_RESTART);
}

static void processor_time_on_a_signal_stack(void **state) {
  (void)state;
  static char memory[65536];
  stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory}, before;
  assert_int_equal(sigaltstack(&stack, &before), 0);
  interrupt(ITIMER_PROF, SIGPROF, SA_ONSTACK);
  assert_int_equal(sigaltstack(&before, NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(real_time_without_restart),
      cmocka_unit_test(real_time_with_restart),
      cmocka_unit_test(processor_time_on_a_signal_stack),
  };
  return cmocka_run_group_tests_name("preload signals", tests, NULL, NULL);
}
