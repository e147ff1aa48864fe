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
    {"SLABMALLOC_PURGEDELAY=10", false},
    {"SLABMALLOC_=1", false},
    {"SLABMALLOC_NO_SUCH_OPTION=value", false},
    {"SLABMALLOC_PURGE_DELAY=0", true},
    {"SLABMALLOC_PURGE_DELAY=100000", true},
    {"SLABMALLOC_RETAIN=0", true},
    {"SLABMALLOC_RETAIN=1024", true},
    {"SLABMALLOC_RESERVE=1", true},
    {"SLABMALLOC_RESERVE=64", true},
    {"SLABMALLOC_STATS=0", true},
    {"SLABMALLOCX=1", true}, /* somebody else's */
    {"XSLABMALLOC_STATS=7", true},
};

/** The text is one line, `slabmalloc: VARIABLE: not ...; ignored`. */
static bool reports(const char *text, const char *variable) {
  char start[128];
  snprintf(start, sizeof start, "slabmalloc: %s: not ", variable);
  const char *end = strchr(text, '\n');
  return end != NULL && end[1] == '\0' && strncmp(text, start, strlen(start)) == 0 && end - text > 9 &&
         strncmp(end - 9, "; ignored", 9) == 0;
}

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
    if (kept < 45 * MIB) fail_msg("objects of %s bytes: %zu KiB stay, but all may", roles[i], kept / KIB);
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
      cmocka_unit_test(purge_delay_and_retain),
      cmocka_unit_test(statistics),
      cmocka_unit_test(statistics_without_stderr),
  };
  return cmocka_run_group_tests_name("preload options", tests, NULL, NULL);
}
