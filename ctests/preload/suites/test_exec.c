/* Other programs started while threads allocate: vfork() and exec, posix_spawn(), popen(). The program they start is
 * this one, which then works a little under the same library. */
#include "../support/busy.h"
#include "../support/child.h"

#include <spawn.h>

extern char **environ;
static char *const worker[] = {"suite", "work", NULL};

static int work(void) {
  size_t *kept[BUSY_KEPT] = {NULL};
  uint64_t random = 1;
  size_t faults = busy_round(kept, &random, 1000);
  busy_free(kept);
  return faults == 0 && is_preloaded("malloc") ? 0 : 1;
}

static void wait_for(pid_t pid) {
  int status;
  assert_true(pid > 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

static void vfork_and_exec(void **state) {
  (void)state;
  busy b;
  busy_start(&b);
  for (size_t i = 0; i < 40; i++) {
    pid_t pid = vfork();
    if (pid == 0) {
      execve("/proc/self/exe", worker, environ);
      _exit(127);
    }
    wait_for(pid);
  }
  busy_stop(&b);
}

static void spawn(void **state) {
  (void)state;
  busy b;
  busy_start(&b);
  for (size_t i = 0; i < 40; i++) {
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0), 0);
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, worker, environ), 0);
    assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
    wait_for(pid);
  }
  busy_stop(&b);
}

static void shells(void **state) {
  (void)state;
  busy b;
  busy_start(&b);
  for (size_t i = 0; i < 20; i++) {
    char line[64] = "";
    FILE *pipe = popen("echo under the library", "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    assert_string_equal(line, "under the library\n");
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(system("exit 7"), 7 << 8);
  }
  busy_stop(&b);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "work") == 0) return work();
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(vfork_and_exec),
      cmocka_unit_test(spawn),
      cmocka_unit_test(shells),
  };
  return cmocka_run_group_tests_name("preload exec", tests, NULL, NULL);
}
