/* The environment's options: wrong ones are reported once and ignored, right ones are silent and do something. */
#include "../support/child.h"
#include "../support/preload.h"

/** One value of one option that is refused, or taken in silence. */
typedef struct option {
  const char *variable;
  bool good;
} option;

static const option options[] = {
    {"SLABMALLOC_PURGE_DELAY=abc", false},
    {"SLABMALLOC_PURGE_DELAY=", false},
    {"SLABMALLOC_PURGE_DELAY=-1", false},
    {"SLABMALLOC_PURGE_DELAY=10x", false},
    {"SLABMALLOC_PURGE_DELAY= 10", false},
    {"SLABMALLOC_PURGE_DELAY=99999999999999999999999", false},
    {"SLABMALLOC_RETAIN=much", false},
    {"SLABMALLOC_RETAIN=1.5", false},
    {"SLABMALLOC_RETAIN=18446744073709551615", false},
    {"SLABMALLOC_RESERVE=x", false},
    {"SLABMALLOC_RESERVE=-4", false},
    {"SLABMALLOC_RESERVE=18446744073709551616", false},
    {"SLABMALLOC_STATS=yes", false},
    {"SLABMALLOC_STATS=2", false},
    {"SLABMALLOC_TRACE=", false},
    {"SLABMALLOC_TRACE=/no such folder/trace", false},
    {"SLABMALLOC_TRACE=/dev/null", false},
    {"SLABMALLOC_PROFILE=hardend", false},
    {"SLABMALLOC_PROFILE=", false},
    {"SLABMALLOC_PROFILE=hardened ", false},
    {"SLABMALLOC_HUGE_PAGES=", false},
    {"SLABMALLOC_HUGE_PAGES=1", false},
    {"SLABMALLOC_HUGE_PAGES=auto ", false},
    {"SLABMALLOC_HELP=yes", false},
    {"SLABMALLOC_PURGEDELAY=10", false},
    {"SLABMALLOC_=1", false},
    {"SLABMALLOC_NO_SUCH_OPTION=value", false},
    {"SLABMALLOC_PURGE_DELAY=0", true},
    {"SLABMALLOC_PURGE_DELAY=100000", true},
    {"SLABMALLOC_RETAIN=0", true},
    {"SLABMALLOC_RETAIN=1024", true},
    {"SLABMALLOC_RESERVE=1", true},
    {"SLABMALLOC_RESERVE=64", true},
    {"SLABMALLOC_HUGE_PAGES=never", true},
    {"SLABMALLOC_HUGE_PAGES=auto", true},
    {"SLABMALLOC_HUGE_PAGES=always", true},
    {"SLABMALLOC_STATS=JSON", false},
    {"SLABMALLOC_STATS=", false},
    {"SLABMALLOC_STATS_FILE=", false},
    {"SLABMALLOC_STATS_FILE=/no such folder/statistics", false},
    {"SLABMALLOC_STATS_FILE=/", false},
    {"SLABMALLOC_STATS_SIGNAL=", false},
    {"SLABMALLOC_STATS_SIGNAL=0", false},
    {"SLABMALLOC_STATS_SIGNAL=65", false},
    {"SLABMALLOC_STATS_SIGNAL=9", false},
    {"SLABMALLOC_STATS_SIGNAL=11", false},
    {"SLABMALLOC_STATS_SIGNAL=32", false},
    {"SLABMALLOC_STATS_SIGNAL=KILL", false},
    {"SLABMALLOC_STATS_SIGNAL=USR3", false},
    {"SLABMALLOC_STATS_INTERVAL=", false},
    {"SLABMALLOC_STATS_INTERVAL=1.5", false},
    {"SLABMALLOC_STATS_INTERVAL=2147484", false},
    {"SLABMALLOC_STATS_INTERVAL=0", true},
    {"SLABMALLOC_SAMPLE=", false},
    {"SLABMALLOC_SAMPLE=KiB", false},
    {"SLABMALLOC_SAMPLE=-1", false},
    {"SLABMALLOC_SAMPLE=1.5MiB", false},
    {"SLABMALLOC_SAMPLE=512K", false},
    {"SLABMALLOC_SAMPLE=512KiB ", false},
    {"SLABMALLOC_SAMPLE=1025GiB", false},
    {"SLABMALLOC_SAMPLE=1099511627777", false},
    {"SLABMALLOC_SAMPLE=99999999999999999999999", false},
    {"SLABMALLOC_SAMPLE_FILE=", false},
    {"SLABMALLOC_SAMPLE_FILE=/no such folder/profile", false},
    {"SLABMALLOC_SAMPLE_FILE=/", false},
    {"SLABMALLOC_SAMPLE=0", true},
    {"SLABMALLOC_SAMPLE_FILE=/dev/null", true},
    {"SLABMALLOC_STATS=0", true},
    {"SLABMALLOC_ABORT_CONF=0", true},
    {"SLABMALLOC_ABORT_CONF=1", true},
    {"SLABMALLOC_HELP=0", true},
    {"SLABMALLOCX=1", true}, /* somebody else's */
    {"XSLABMALLOC_STATS=7", true},
};

/** The text is one line, `slabmalloc: VARIABLE: not ...; OUTCOME`. */
static bool reports_as(const char *text, const char *variable, const char *outcome) {
  char start[128];
  snprintf(start, sizeof start, "slabmalloc: %s: not ", variable);
  const char *end = strchr(text, '\n');
  ptrdiff_t length = (ptrdiff_t)strlen(outcome);
  return end != NULL && end[1] == '\0' && strncmp(text, start, strlen(start)) == 0 && end - text > length &&
         strncmp(end - length, outcome, strlen(outcome)) == 0;
}

static bool reports(const char *text, const char *variable) { return reports_as(text, variable, "; ignored"); }

static void each_option_alone(void **state) {
  (void)state;
  size_t wrong = 0;
  for (size_t i = 0; i < COUNT_OF(options); i++) {
    child c;
    child_run_self(&c, "work", (const char *const[]){options[i].variable, NULL});
    bool text = options[i].good ? c.err[0] == '\0' : reports(c.err, options[i].variable);
    if (text && child_exited(&c, 0) && strcmp(c.out, "worked\n") == 0) continue;
    print_error("%s: status %#x, stdout '%s', stderr '%s'\n", options[i].variable, (unsigned)c.status, c.out, c.err);
    wrong++;
  }
  assert_int_equal(wrong, 0);
}

/** Each is reported, once, in a program that has threads and forks. */
static void all_wrong_ones_at_once(void **state) {
  (void)state;
  child c;
  const char *const variables[] = {"SLABMALLOC_PURGE_DELAY=a", "SLABMALLOC_RETAIN=b", "SLABMALLOC_RESERVE=c",
                                   "SLABMALLOC_UNKNOWN=d", NULL};
  child_run_self(&c, "threads", variables);
  assert_true(child_exited(&c, 0));
  assert_string_equal(c.out, "worked\n");
  size_t lines = 0;
  for (char *line = c.err, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    char one[256];
    bool known = false;
    snprintf(one, sizeof one, "%.*s\n", (int)(end - line), line);
    for (size_t i = 0; variables[i] != NULL; i++) known = known || reports(one, variables[i]);
    if (!known) fail_msg("stderr has the line '%s'", one);
    lines++;
  }
  assert_int_equal(lines, 4);
}

/** Each value that is reported ends the process with SLABMALLOC_ABORT_CONF=1; the others do what they do. */
static void a_wrong_one_can_be_fatal(void **state) {
  (void)state;
  size_t wrong = 0;
  for (size_t i = 0; i < COUNT_OF(options); i++) {
    for (size_t order = 0; order < 2; order++) {
      const char *variables[] = {options[i].variable, "SLABMALLOC_ABORT_CONF=1", NULL};
      if (order == 1) variables[0] = "SLABMALLOC_ABORT_CONF=1", variables[1] = options[i].variable;
      child c;
      child_run_self(&c, "work", variables);
      bool right = options[i].good ? child_exited(&c, 0) && c.err[0] == '\0' && strcmp(c.out, "worked\n") == 0
                                   : child_was_killed_by(&c, SIGABRT) && c.out[0] == '\0' &&
                                         reports_as(c.err, options[i].variable, "; fatal");
      if (right) continue;
      print_error("%s: status %#x, stdout '%s', stderr '%s'\n", options[i].variable, (unsigned)c.status, c.out, c.err);
      wrong++;
    }
  }
  assert_int_equal(wrong, 0);
}

/** All wrong ones are reported before the process ends. Whoever misspells the value of ABORT_CONF means 1. */
static void fatal_ones_are_all_reported(void **state) {
  (void)state;
  static const char *const variables[] = {"SLABMALLOC_RETAIN=b", "SLABMALLOC_ABORT_CONF=yes", "SLABMALLOC_UNKNOWN=d",
                                          NULL};
  child c;
  child_run_self(&c, "work", variables);
  assert_true(child_was_killed_by(&c, SIGABRT));
  assert_string_equal(c.out, "");
  size_t lines = 0;
  for (char *line = c.err, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) lines++;
  assert_int_equal(lines, 3);
  assert_non_null(strstr(c.err, "slabmalloc: SLABMALLOC_RETAIN=b: not a number of MiB up to 1099511627776; fatal\n"));
  assert_non_null(strstr(c.err, "slabmalloc: SLABMALLOC_ABORT_CONF=yes: not 0 or 1; fatal\n"));
  assert_non_null(strstr(c.err, "slabmalloc: SLABMALLOC_UNKNOWN=d: not an option; fatal\n"));
}

/** A line for each option: its value now, its default, and what it takes; then the program runs. */
static void help_lists_all_options(void **state) {
  (void)state;
  static const struct {
    const char *set, *line;
  } lines[] = {
      {"SLABMALLOC_PURGE_DELAY=7",
       "SLABMALLOC_PURGE_DELAY=7 (default 100; a number of milliseconds up to 2147483647): "},
      {"SLABMALLOC_RETAIN=64", "SLABMALLOC_RETAIN=64 (default 256; a number of MiB up to 1099511627776): "},
      {"SLABMALLOC_RESERVE=2", "SLABMALLOC_RESERVE=2 (default 256; a number of GiB up to 32768): "},
      {"SLABMALLOC_PROFILE=hardened", "SLABMALLOC_PROFILE=hardened (default checked; fast, checked or hardened): "},
      {"SLABMALLOC_HUGE_PAGES=never", "SLABMALLOC_HUGE_PAGES=never (default auto; never, auto or always): "},
      {"SLABMALLOC_STATS=json", "SLABMALLOC_STATS=json (default 0; table, json, 0 or 1): "},
      {"SLABMALLOC_STATS_FILE=/dev/null",
       "SLABMALLOC_STATS_FILE=/dev/null (default none; a file that can be written): "},
      {"SLABMALLOC_STATS_SIGNAL=SIGUSR2",
       "SLABMALLOC_STATS_SIGNAL=12 (default 0; a number up to 64, HUP, QUIT, USR1, USR2, URG, WINCH, IO or PWR): "},
      {"SLABMALLOC_STATS_INTERVAL=3", "SLABMALLOC_STATS_INTERVAL=3 (default 0; a number of seconds up to 2147483): "},
      {"SLABMALLOC_SAMPLE=512KiB",
       "SLABMALLOC_SAMPLE=524288 (default 0; a number of bytes up to 1024GiB, such as 512KiB): "},
      {"SLABMALLOC_SAMPLE_FILE=/dev/null",
       "SLABMALLOC_SAMPLE_FILE=/dev/null (default slabmalloc.%p.heap; a file that can be written): "},
      {"SLABMALLOC_ABORT_CONF=1", "SLABMALLOC_ABORT_CONF=1 (default 0; 0 or 1): "},
      {"SLABMALLOC_HELP=1", "SLABMALLOC_HELP=1 (default 0; 0 or 1): "},
      {NULL, "SLABMALLOC_TRACE= (default none; a file that can be written): "},
  };
  const char *variables[COUNT_OF(lines)];
  for (size_t i = 0; i < COUNT_OF(lines); i++) variables[i] = lines[i].set;
  child c;
  child_run_self(&c, "work", variables);
  assert_true(child_exited(&c, 0));
  assert_string_equal(c.out, "worked\n");
  for (size_t i = 0; i < COUNT_OF(lines); i++) {
    char line[128];
    snprintf(line, sizeof line, "slabmalloc: %s", lines[i].line);
    const char *found = strstr(c.err, line);
    if (found == NULL) fail_msg("no '%s' in '%s'", line, c.err);
    assert_true(found[strlen(line)] != '\n' && (found == c.err || found[-1] == '\n'));
  }
  /* Without a value of its own an option has its default. */
  static const char *const alone[] = {"SLABMALLOC_HELP=1", NULL};
  child_run_self(&c, "work", alone);
  assert_true(child_exited(&c, 0));
  const char *retain = strstr(c.err, "SLABMALLOC_RETAIN=256 (default 256; ");
  assert_non_null(retain);
}

/** A program that allocates nothing has its options read as well. */
static void a_program_that_allocates_nothing(void **state) {
  (void)state;
  static const char *const help[] = {"SLABMALLOC_HELP=1", NULL};
  static const char *const wrong[] = {"SLABMALLOC_PROFILE=hardend", "SLABMALLOC_ABORT_CONF=1", NULL};
  child c;
  child_run_self(&c, "nothing", help);
  assert_true(child_exited(&c, 0));
  assert_non_null(strstr(c.err, "slabmalloc: SLABMALLOC_HELP=1 ("));
  child_run_self(&c, "nothing", wrong);
  assert_true(child_was_killed_by(&c, SIGABRT));
  assert_string_equal(c.err, "slabmalloc: SLABMALLOC_PROFILE=hardend: not fast, checked or hardened; fatal\n");
}

/** Bytes that stay resident from 50 MiB that were freed half a second ago, in objects of one size. */
static size_t kept_resident(const char *role, const char *const *variables) {
  child c;
  child_run_self(&c, role, variables);
  assert_child_fine(&c);
  return strtoull(c.out, NULL, 10);
}

static void purge_delay_and_retain(void **state) {
  (void)state;
  static const char *const keep[] = {"SLABMALLOC_PURGE_DELAY=100000", "SLABMALLOC_RETAIN=1024", NULL};
  static const char *const no_delay[] = {"SLABMALLOC_PURGE_DELAY=0", "SLABMALLOC_RETAIN=1024", NULL};
  static const char *const no_retain[] = {"SLABMALLOC_PURGE_DELAY=100000", "SLABMALLOC_RETAIN=0", NULL};
  static const char *const little[] = {"SLABMALLOC_PURGE_DELAY=100000", "SLABMALLOC_RETAIN=20", NULL};
  static const char *const roles[] = {"1000", "1000000"};
  for (size_t i = 0; i < COUNT_OF(roles); i++) {
    size_t kept = kept_resident(roles[i], keep), some = kept_resident(roles[i], little);
    /* The memory of a hardened process's large objects goes at once. */
    bool may_stay = !is_hardened() || i == 0;
    if (may_stay ? kept < 45 * MIB : kept > 5 * MIB)
      fail_msg("objects of %s bytes: %zu KiB stay, but all may", roles[i], kept / KIB);
    if (some > 25 * MIB) fail_msg("objects of %s bytes: %zu KiB stay, but only 20 MiB may", roles[i], some / KIB);
    assert_true(kept_resident(roles[i], no_delay) < 5 * MIB);
    assert_true(kept_resident(roles[i], no_retain) < 5 * MIB);
  }
}

static int keep_resident(size_t size) {
  static char *objects[60000];
  size_t count = 50 * MIB / size;
  memset(objects, 0, sizeof objects);
  ordinary_calls();
  size_t before = resident();
  for (size_t i = 0; i < count; i++) memset(opaque(objects[i] = malloc(size)), 1, size);
  for (size_t i = 0; i < count; i++) free(objects[i]);
  pause_for(300);
  ordinary_calls();
  size_t after = resident();
  printf("%zu\n", after > before ? after - before : 0);
  return 0;
}

/** Prints for how many KiB a program has advised huge pages that touches so many MiB of small objects. */
static int advise_huge_pages(size_t mib) {
  for (size_t i = 0; i < mib * MIB / 512; i++) memset(opaque(malloc(500)), 1, 500);
  char line[512];
  size_t mapping = 0, advised = 0;
  FILE *maps = fopen("/proc/self/smaps", "r");
  if (maps == NULL) return 1;
  while (fgets(line, sizeof line, maps) != NULL) {
    if (strncmp(line, "Size:", 5) == 0) mapping = strtoull(line + 5, NULL, 10);
    if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " hg") != NULL) advised += mapping;
  }
  fclose(maps);
  printf("%zu\n", advised);
  return 0;
}

/** Whether the system gives huge pages of 2 MiB on request, and only then. */
static bool has_huge_pages_on_request(void) {
  char text[64] = "", size[64] = "";
  FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
  if (file == NULL) return false;
  char *line = fgets(text, sizeof text, file);
  fclose(file);
  file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
  if (line == NULL || file == NULL) return false;
  line = fgets(size, sizeof size, file);
  fclose(file);
  return line != NULL && strstr(text, "[madvise]") != NULL && strtoull(size, NULL, 10) == 2 * MIB;
}

static size_t advised_kib(const char *role, const char *mode) {
  const char *variables[] = {mode, NULL};
  return kept_resident(role, variables);
}

/** A small program has none unless it wants them, a large one has some, and a hardened one never. */
static void huge_pages(void **state) {
  (void)state;
  bool may = has_huge_pages_on_request() && !is_hardened();
  assert_int_equal(advised_kib("huge 80", "SLABMALLOC_HUGE_PAGES=never"), 0);
  assert_int_equal(advised_kib("huge 16", "SLABMALLOC_HUGE_PAGES=auto"), 0);
  assert_in_range(advised_kib("huge 80", "SLABMALLOC_HUGE_PAGES=auto"), may ? 32 * KIB : 0, may ? 64 * KIB : 0);
  assert_in_range(advised_kib("huge 16", "SLABMALLOC_HUGE_PAGES=always"), may ? 14 * KIB : 0, may ? 24 * KIB : 0);
}

static const char *const with_statistics[] = {"SLABMALLOC_STATS=1", NULL};

/** A table comes at exit, after what the program printed. */
static void statistics(void **state) {
  (void)state;
  static const char *const roles[] = {"work", "threads"};
  for (size_t i = 0; i < COUNT_OF(roles); i++) {
    child c;
    child_run_self(&c, roles[i], with_statistics);
    assert_true(child_exited(&c, 0));
    assert_string_equal(c.out, "worked\n");
    size_t lines = 0, with_figures = 0;
    for (char *line = c.err, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
      lines++;
      with_figures += strcspn(line, "0123456789") < (size_t)(end - line);
    }
    assert_true(lines >= 8 && with_figures >= 6);
    assert_non_null(strstr(c.err, "class"));
    assert_non_null(strstr(c.err, "peak"));
  }
}

/** The table may have nowhere to go, or a place that is none of its business: the program ends as it would. */
static void statistics_without_stderr(void **state) {
  (void)state;
  child c;
  child_run_self(&c, "close", with_statistics);
  assert_child_fine(&c);
  assert_string_equal(c.out, "worked\n");
}

static void *work(void *argument) {
  for (size_t i = 0; i < 50; i++) ordinary_calls();
  return argument;
}

static int run_role(const char *role) {
  if (strcmp(role, "nothing") == 0) _exit(0);
  if (strncmp(role, "huge ", 5) == 0) return advise_huge_pages(strtoull(role + 5, NULL, 10));
  if (role[0] == '1') return keep_resident(strtoull(role, NULL, 10));
  work(NULL);
  if (strcmp(role, "threads") == 0) {
    pthread_t threads[3];
    int status;
    for (size_t i = 0; i < 3; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (size_t i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    pid_t pid = fork();
    if (pid == 0) _exit(work(NULL) != NULL);
    if (waitpid(pid, &status, 0) != pid || status != 0) return 1;
  }
  if (strcmp(role, "close") == 0) close(2);
  puts("worked");
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 2) return run_role(argv[1]);
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(each_option_alone),
      cmocka_unit_test(all_wrong_ones_at_once),
      cmocka_unit_test(a_wrong_one_can_be_fatal),
      cmocka_unit_test(fatal_ones_are_all_reported),
      cmocka_unit_test(help_lists_all_options),
      cmocka_unit_test(a_program_that_allocates_nothing),
      cmocka_unit_test(purge_delay_and_retain),
      cmocka_unit_test(huge_pages),
      cmocka_unit_test(statistics),
      cmocka_unit_test(statistics_without_stderr),
  };
  return cmocka_run_group_tests_name("preload options", tests, NULL, NULL);
}
