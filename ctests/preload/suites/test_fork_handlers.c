/* Handlers of pthread_atfork() that another shared object registered: before malloc's own, which therefore run while
 * malloc is made ready for the fork, or after. The program runs anew with that object preloaded too. */
#include "../support/busy.h"
#include "../support/child.h"

enum { FORKS = 25 };

static size_t count(const char *name) { return *(size_t *)function_named(name); }

/** Forks while other threads allocate. Every handler gets its memory, in the parent and in each child. */
static int fork_with_handlers(void) {
  size_t *kept[BUSY_KEPT] = {NULL};
  uint64_t random = 3;
  busy b;
  alarm(200);
  if (!is_preloaded("malloc")) return 2;
  busy_start(&b);
  for (size_t i = 1; i <= FORKS; i++) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
      alarm(200);
      bool is_right = count("early_in_child") == 1 && count("early_prepared") == i && count("early_failed") == 0;
      _exit(is_right && busy_round(kept, &random, 300) == 0 ? 0 : 3);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) return 4;
    if (count("early_in_parent") != i || busy_round(kept, &random, 100) != 0) return 5;
  }
  busy_stop(&b);
  busy_free(kept);
  return count("early_prepared") == FORKS && count("early_failed") == 0 ? 0 : 6;
}

static void *allocate_locked(void *stop) {
  void (*locked)(void) = NULL;
  *(void **)&locked = function_named("early_locked");
  while (!*(atomic_bool *)stop) locked();
  return NULL;
}

/** A handler takes a mutex under which another thread allocates. */
static int fork_with_mutex(void) {
  atomic_bool stop = false;
  pthread_t threads[2];
  for (size_t i = 0; i < COUNT_OF(threads); i++) start_thread(&threads[i], allocate_locked, &stop);
  int result = fork_with_handlers();
  stop = true;
  for (size_t i = 0; i < COUNT_OF(threads); i++) join_thread(threads[i]);
  return result;
}

static void run_with(const char *object, const char *role) {
  static char folder[PATH_MAX], preload[2 * PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
  assert_true(length > 0);
  folder[length] = '\0';
  *strrchr(folder, '/') = '\0';
  snprintf(preload, sizeof preload, "LD_PRELOAD=%s:%s/%s", getenv("LD_PRELOAD"), folder, object);
  child c;
  child_run_self(&c, role, (const char *const[]){preload, NULL});
  assert_child_fine(&c);
}

static void registered_before_malloc(void **state) {
  (void)state;
  run_with("early-first.so", "handlers");
}

static void that_take_a_mutex(void **state) {
  (void)state;
  run_with("early.so", "mutex");
}

int main(int count, char **arguments) {
  if (count == 2) return strcmp(arguments[1], "mutex") == 0 ? fork_with_mutex() : fork_with_handlers();
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(registered_before_malloc),
      cmocka_unit_test(that_take_a_mutex),
  };
  return cmocka_run_group_tests_name("preload fork handlers", tests, NULL, NULL);
}
