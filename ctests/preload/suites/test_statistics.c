/* SLABMALLOC_STATS: its forms, its file, and when it is printed: at exit, at _exit, on fatal signals, on a signal of
 * choice, and every few seconds. What a program prints is as it would be without. */
#include "../support/child.h"
#include "../support/preload.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { OBJECTS = 500, OBJECT = 5000, SLOT = 5120 };
static char path[PATH_MAX];
static char file_option[PATH_MAX + 64], text[1 << 20];

static const char *in_file(const char *name) {
  snprintf(path, sizeof path, "/tmp/slabmalloc-statistics-%d-%s", (int)getpid(), name);
  snprintf(file_option, sizeof file_option, "SLABMALLOC_STATS_FILE=%s", path);
  unlink(path);
  return file_option;
}

/** The content of a file, which is removed. */
static const char *read_file(const char *name) {
  int file = open(name, O_RDONLY);
  if (file < 0) fail_msg("no file %s", name);
  size_t used = 0;
  for (ssize_t got; (got = read(file, text + used, sizeof text - 1 - used)) > 0;) used += (size_t)got;
  text[used] = '\0';
  close(file), unlink(name);
  return text;
}

static size_t count_of(const char *all, const char *part) {
  size_t count = 0;
  for (; (all = strstr(all, part)) != NULL; all++) count++;
  return count;
}

/** Live objects of the class of OBJECT in the table that starts here. */
static unsigned long live_in(const char *table) {
  const char *row = strstr(table, "\n       5120 ");
  unsigned long slabs, slots, live = 0;
  if (row == NULL || sscanf(row, " 5120 %lu %lu %lu", &slabs, &slots, &live) != 3) fail_msg("no row in %s", table);
  return live;
}

// --- What the children do --------------------------------------------------------------------------

static void make_objects(void) {
  for (size_t i = 0; i < OBJECTS; i++)
    if (opaque(malloc(OBJECT)) == NULL) abort();
}

/** Slow paths are taken, until it returns false. */
static void work_while(bool (*goes_on)(void)) {
  static char *objects[3000];
  while (goes_on()) {
    for (size_t i = 0; i < COUNT_OF(objects); i++) objects[i] = opaque(malloc(100));
    for (size_t i = 0; i < COUNT_OF(objects); i++) free(objects[i]);
  }
}

static bool has_no_table(void) {
  struct stat status;
  return stat(path, &status) != 0 || status.st_size == 0;
}

/** Handlers of the program's own for these are what languages install where nobody else handles them. No handler of the
 * program's interrupts a report. */
static bool are_left_alone(void) {
  struct sigaction action;
  for (const int *signal = (const int[]){SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, 0}; *signal != 0; signal++)
    if (sigaction(*signal, NULL, &action) != 0 || action.sa_handler != SIG_DFL) return false;
  for (const int *signal = (const int[]){SIGUSR2, SIGSEGV, SIGABRT, 0}; *signal != 0; signal++)
    if (sigaction(*signal, NULL, &action) != 0 || sigismember(&action.sa_mask, SIGALRM) != 1) return false;
  return true;
}

static int run_role(const char *role) {
  make_objects();
  if (strcmp(role, "_exit") == 0) _exit(3);
  if (strcmp(role, "_Exit") == 0) _Exit(3);
  if (strcmp(role, "fault") == 0) *(volatile char *)opaque(NULL) = 1;
  if (strcmp(role, "sent fault") == 0) kill(getpid(), SIGSEGV);
  if (strcmp(role, "abort") == 0) abort();
  if (strcmp(role, "misuse") == 0) {
    char *object = malloc(OBJECT);
    free(object);
    free(opaque(object));
  }
  if (strcmp(role, "left alone") == 0) return !are_left_alone();
  if (strcmp(role, "closed") == 0) {
    close(STDIN_FILENO);
    raise(SIGUSR2);
    return open("/dev/null", O_RDONLY) == STDIN_FILENO ? 0 : 1;
  }
  if (strcmp(role, "pipe") == 0) {
    int ends[2];
    if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0) return 1;
    close(ends[0]);
    close(ends[1]);
    raise(SIGUSR2);
  }
  if (strcmp(role, "own") == 0) {
    signal(SIGTERM, SIG_IGN);
    kill(getpid(), SIGTERM);
  }
  if (strcmp(role, "signal") == 0) raise(SIGUSR2), raise(SIGUSR2);
  if (strcmp(role, "interval") == 0) {
    snprintf(path, sizeof path, "%s", getenv("SLABMALLOC_STATS_FILE"));
    work_while(has_no_table);
  }
  if (strcmp(role, "fork") == 0) {
    pid_t pid = fork();
    if (pid == 0) return 0;
    waitpid(pid, NULL, 0);
  }
  if (strcmp(role, "vfork") == 0) {
    pid_t pid = vfork();
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
  }
  if (strcmp(role, "full") == 0) {
    struct rlimit limit = {300, 300}; /* less than a table has */
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  return 0;
}

// --- The tests -------------------------------------------------------------------------------------

static void forms(void **state) {
  (void)state;
  child c;
  for (const char *const *form = (const char *const[]){"SLABMALLOC_STATS=1", "SLABMALLOC_STATS=table", NULL}; *form;
       form++) {
    child_run_self(&c, "exit", (const char *const[]){*form, in_file("table"), NULL});
    assert_child_fine(&c);
    assert_true(live_in(read_file(path)) >= OBJECTS);
    assert_int_equal(count_of(text, "slabmalloc: "), 2);
    char id[40];
    snprintf(id, sizeof id, " [%d], profile ", (int)c.pid);
    assert_true(strncmp(text, "slabmalloc: ", 12) == 0 && strstr(text, id) < strchr(text, '\n'));
  }
  child_run_self(&c, "exit", (const char *const[]){"SLABMALLOC_STATS=json", in_file("json"), NULL});
  assert_child_fine(&c);
  read_file(path);
  static const char start[] = "{\"slabmalloc\":1,\"kind\":\"process\",\"name\":\"";
  assert_int_equal(strncmp(text, start, strlen(start)), 0);
  assert_non_null(strstr(text, "\"row\":\"class\",\"slot_bytes\":5120,"));
  assert_int_equal(count_of(text, "\n"), 1);
  /* A file alone means a table; 0 means none. */
  child_run_self(&c, "exit", (const char *const[]){in_file("alone"), NULL});
  assert_child_fine(&c);
  assert_true(live_in(read_file(path)) >= OBJECTS);
  child_run_self(&c, "exit", (const char *const[]){in_file("none"), "SLABMALLOC_STATS=0", NULL});
  assert_child_fine(&c);
  assert_string_equal(read_file(path), "");
}

/** %p is the number of each process. */
static void files(void **state) {
  (void)state;
  child c;
  in_file("of");
  strcat(file_option, "-%p");
  child_run_self(&c, "fork", (const char *const[]){file_option, NULL});
  assert_child_fine(&c);
  char name[PATH_MAX + 32];
  snprintf(name, sizeof name, "%s-%d", path, (int)c.pid);
  assert_true(live_in(read_file(name)) >= OBJECTS);
  assert_int_equal(count_of(text, "profile"), 1);
  /* And in one file there is one whole table after the other. */
  child_run_self(&c, "fork", (const char *const[]){in_file("one"), NULL});
  assert_child_fine(&c);
  read_file(path);
  assert_int_equal(count_of(text, "profile"), 2);
  assert_true(live_in(strstr(strstr(text, "profile") + 1, "profile")) >= OBJECTS);
  /* The child of a vfork has no heap of its own. */
  child_run_self(&c, "vfork", (const char *const[]){in_file("vfork"), NULL});
  assert_child_fine(&c);
  assert_int_equal(count_of(read_file(path), "profile"), 1);
}

static void ends_without_exit_handlers(void **state) {
  (void)state;
  child c;
  for (const char *const *role = (const char *const[]){"_exit", "_Exit", NULL}; *role != NULL; role++) {
    child_run_self(&c, *role, (const char *const[]){in_file("_exit"), NULL});
    assert_true(child_exited(&c, 3));
    assert_true(live_in(read_file(path)) >= OBJECTS);
    assert_int_equal(count_of(text, "profile"), 1);
  }
}

static void fatal_signals(void **state) {
  (void)state;
  static const struct {
    const char *role;
    int signal;
  } ends[] = {{"fault", SIGSEGV}, {"sent fault", SIGSEGV}, {"abort", SIGABRT}, {"misuse", SIGABRT}};
  for (size_t i = 0; i < COUNT_OF(ends); i++) {
    child c;
    child_run_self(&c, ends[i].role, (const char *const[]){in_file("fatal"), NULL});
    if (!child_was_killed_by(&c, ends[i].signal)) fail_msg("%s: status %#x", ends[i].role, (unsigned)c.status);
    assert_true(live_in(read_file(path)) >= OBJECTS);
    assert_int_equal(count_of(text, "profile"), 1);
  }
  /* What the program does with a signal itself is its business. */
  child c;
  child_run_self(&c, "own", (const char *const[]){in_file("own"), NULL});
  assert_child_fine(&c);
  assert_int_equal(count_of(read_file(path), "profile"), 1);
}

static void a_signal_of_choice(void **state) {
  (void)state;
  child c;
  for (const char *const *name =
           (const char *const[]){"SLABMALLOC_STATS_SIGNAL=USR2", "SLABMALLOC_STATS_SIGNAL=12", NULL};
       *name != NULL; name++) {
    child_run_self(&c, "signal", (const char *const[]){*name, in_file("signal"), NULL});
    assert_child_fine(&c);
    read_file(path);
    assert_int_equal(count_of(text, "profile"), 3);
    /* Nothing happened between the two: the second table shows no change. */
    const char *second = strstr(text, ", table 2, ");
    assert_non_null(second);
    assert_true(live_in(second) >= OBJECTS);
    const char *total = strstr(second, "\n      total ");
    assert_int_equal(strncmp(strchr(total + 1, '\n') - 3, " +0", 3), 0);
    assert_non_null(strstr(text, ", table 3, "));
  }
}

/** A report must not change what the program does: neither its signals, nor its descriptors, nor how it ends. */
static void what_is_the_programs_own(void **state) {
  (void)state;
  static const char signal[] = "SLABMALLOC_STATS_SIGNAL=USR2";
  child c;
  child_run_self(&c, "left alone", (const char *const[]){signal, in_file("alone"), NULL});
  assert_child_fine(&c);
  child_run_self(&c, "closed", (const char *const[]){signal, in_file("closed"), NULL});
  assert_child_fine(&c);
  assert_int_equal(count_of(read_file(path), "profile"), 2);
  child_run_self(&c, "pipe", (const char *const[]){signal, NULL});
  assert_true(child_exited(&c, 0));
}

static void an_interval(void **state) {
  (void)state;
  child c;
  child_run_self(&c, "interval", (const char *const[]){"SLABMALLOC_STATS_INTERVAL=1", in_file("interval"), NULL});
  assert_child_fine(&c);
  assert_true(count_of(read_file(path), "profile") >= 2);
}

/** What cannot be written is told, and nothing half written stays. */
static void files_that_cannot_be_written(void **state) {
  (void)state;
  child c;
  char expected[PATH_MAX + 100];
  child_run_self(&c, "exit", (const char *const[]){"SLABMALLOC_STATS_FILE=/dev/full", NULL});
  assert_true(child_exited(&c, 0));
  assert_non_null(strstr(c.err, "slabmalloc: no statistics: /dev/full cannot be written [process "));
  child_run_self(&c, "full", (const char *const[]){in_file("full"), NULL});
  assert_true(child_exited(&c, 0));
  snprintf(expected, sizeof expected, "slabmalloc: no statistics: %s cannot be written [process ", path);
  assert_non_null(strstr(c.err, expected));
  assert_string_equal(read_file(path), "");
}

int main(int argc, char **argv) {
  if (argc == 2) return run_role(argv[1]);
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(forms),
      cmocka_unit_test(files),
      cmocka_unit_test(ends_without_exit_handlers),
      cmocka_unit_test(fatal_signals),
      cmocka_unit_test(a_signal_of_choice),
      cmocka_unit_test(what_is_the_programs_own),
      cmocka_unit_test(an_interval),
      cmocka_unit_test(files_that_cannot_be_written),
  };
  return cmocka_run_group_tests_name("preload statistics", tests, NULL, NULL);
}
