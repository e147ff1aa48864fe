/* fork() in the handler of a timer, which interrupts malloc, free and fork anywhere. The parent goes on, and so does
 * the child: it finishes the interrupted call and then works with its objects. The handler starts the timer again when
 * it is done. A period that is shorter than a fork would leave the program no time between two handlers. */
#include "../support/busy.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

enum { FORKS = 60, PATIENCE = 200 };

static volatile sig_atomic_t forks, is_child, is_wrong;

static void start_timer(void) {
  static const struct itimerval soon = {.it_value = {.tv_usec = 300}};
  setitimer(ITIMER_REAL, &soon, NULL);
}

static void wait_for(pid_t pid) {
  int status = 0;
  pid_t got;
  do got = waitpid(pid, &status, 0);
  while (got < 0 && errno == EINTR);
  // The child of a handler that interrupted this has none of its parent's children.
  if (!is_child && (got != pid || status != 0)) is_wrong = true;
}

/** A child does not inherit the timer. It gets so many seconds. */
static void begin_child(void) {
  signal(SIGALRM, SIG_DFL);
  alarm(PATIENCE);
}

static void fork_in_handler(int number) {
  (void)number;
  int saved = errno;
  pid_t pid = fork();
  if (pid == 0) {
    begin_child();
    is_child = true;
  } else {
    if (pid > 0) wait_for(pid);
    else is_wrong = true;
    if (++forks < FORKS) start_timer();
  }
  errno = saved;
}

/** Every child ends here: its objects are whole, and it can free them and allocate more. */
static void end_if_child(size_t **kept, uint64_t *random, size_t faults) {
  if (!is_child) return;
  faults += busy_round(kept, random, 200);
  busy_free(kept);
  _exit(faults == 0 && !is_wrong ? 0 : 1);
}

/** As many rounds as the handler needs for its forks. In a program with threads a fork must not interrupt another one:
 * glibc waits for ever then. */
static size_t work(bool forks_too) {
  size_t *kept[BUSY_KEPT] = {NULL};
  uint64_t random = 11;
  size_t faults = 0;
  start_timer();
  while (forks < FORKS) {
    faults += busy_round(kept, &random, 20);
    void *large = opaque(malloc(MIB));
    free(large);
    end_if_child(kept, &random, faults);
    if (!forks_too) continue;
    pid_t pid = fork();
    if (pid == 0) {
      begin_child();
      _exit(0);
    }
    // This is also the child of a handler that interrupted the fork, whose process is the parent's.
    end_if_child(kept, &random, faults);
    wait_for(pid);
    end_if_child(kept, &random, faults);
  }
  busy_free(kept);
  return faults;
}

static void check_forks(bool forks_too) {
  struct sigaction action = {.sa_handler = fork_in_handler}, before;
  assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
  forks = is_wrong = 0;
  size_t faults = work(forks_too);
  assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
  assert_int_equal(faults, 0);
  assert_int_equal(forks, FORKS);
  assert_false(is_wrong);
}

static void in_a_program_that_forks(void **state) {
  (void)state;
  check_forks(true);
}

static void *work_without_signals(void *argument) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  return busy_body(argument);
}

/** The timer's signal goes to this thread, since the others block it. */
static void in_a_program_with_threads(void **state) {
  (void)state;
  busy b;
  memset(&b, 0, sizeof b);
  sigset_t alarm_signal, before;
  sigemptyset(&alarm_signal);
  sigaddset(&alarm_signal, SIGALRM);
  assert_int_equal(pthread_sigmask(SIG_BLOCK, &alarm_signal, &before), 0);
  for (size_t i = 0; i < BUSY_THREADS; i++) start_thread(&b.threads[i], work_without_signals, &b);
  assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
  while (b.rounds == 0) pause_for(1);
  check_forks(false);
  busy_stop(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(in_a_program_that_forks),
      cmocka_unit_test(in_a_program_with_threads),
  };
  return cmocka_run_group_tests_name("preload fork in a handler", tests, NULL, NULL);
}
