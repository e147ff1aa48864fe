/* Systems that refuse something: a sandbox without mprotect, locked pages, little address space, limits that are set
 * while the program runs, an emulator, and the number of mappings. Malloc goes on, and takes no more than it may. */
#include "../support/child.h"
#include "../support/preload.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/** Makes a system call fail from now on, and with it what a program does with its result. */
static int forbid(int number, int error) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {COUNT_OF(filter), filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/** Objects of all kinds, filled, resized and freed. */
static int work(void) {
  static char *objects[4000];
  uint64_t random = 1;
  for (size_t step = 0; step < 40000; step++) {
    size_t i = random_below(&random, COUNT_OF(objects));
    size_t size = (size_t)1 << random_below(&random, step % 100 == 0 ? 26 : 16);
    if (objects[i] != NULL && objects[i][0] != (char)i) return 10;
    if (random_below(&random, 4) == 0) {
      char *moved = realloc(objects[i], size);
      if (moved == NULL) return 11;
      objects[i] = moved;
    } else {
      free(objects[i]);
      objects[i] = calloc(1, size);
      if (objects[i] == NULL) return 12;
      if (objects[i][0] != 0 || objects[i][size - 1] != 0) return 13;
    }
    objects[i][0] = (char)i;
    if (size > 1) objects[i][size - 1] = 1;
  }
  for (size_t i = 0; i < COUNT_OF(objects); i++) free(objects[i]);
  malloc_trim(0);
  return 0;
}

static int work_without(void *argument) {
  const int *call = argument;
  free(opaque(malloc(100)));
  return forbid(call[0], call[1]) != 0 ? 2 : work();
}

static void a_sandbox_without_mprotect(void **state) {
  (void)state;
  static const int errors[] = {EPERM, EACCES, ENOSYS};
  for (size_t i = 0; i < COUNT_OF(errors); i++) {
    int call[] = {SYS_mprotect, errors[i]};
    child c;
    child_call(&c, work_without, call);
    assert_child_fine(&c);
  }
}

static void a_sandbox_without_madvise_or_mremap(void **state) {
  (void)state;
  static const int numbers[] = {SYS_madvise, SYS_mremap};
  for (size_t i = 0; i < COUNT_OF(numbers); i++) {
    int call[] = {numbers[i], EPERM};
    child c;
    child_call(&c, work_without, call);
    assert_child_fine(&c);
  }
}

/** A page of one object in ten is locked when it is freed. What is not locked goes. */
static int lock_pages(void *argument) {
  static char *objects[200];
  enum { SIZE = 300000 };
  size_t before = resident_settled();
  for (size_t i = 0; i < COUNT_OF(objects); i++) {
    if ((objects[i] = malloc(SIZE)) == NULL) return 2;
    memset(objects[i], 1, SIZE);
    if (i % 10 == 0 && mlock(objects[i] + SIZE / 2, 1) != 0) return 3;
  }
  for (size_t i = 0; i < COUNT_OF(objects); i++) free(objects[i]);
  if (argument != NULL) malloc_trim(0);
  size_t limit = before + 4 * MIB, after = argument != NULL ? resident() : resident_after_purge(limit);
  if (after > limit) return 4;
  for (size_t i = 0; i < COUNT_OF(objects); i++) {
    if ((objects[i] = calloc(1, SIZE)) == NULL || objects[i][SIZE / 2] != 0) return 5;
  }
  return 0;
}

static void a_locked_page_ends_no_trim(void **state) {
  (void)state;
  for (size_t trims = 0; trims < 2; trims++) {
    child c;
    child_call(&c, lock_pages, trims ? &trims : NULL);
    assert_child_fine(&c);
  }
}

/** A number of /proc/self/status, in bytes. Does not allocate. */
static size_t status_of_process(const char *name) {
  static char text[8192];
  int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  if (got <= 0) return 0;
  text[got] = '\0';
  const char *line = strstr(text, name);
  return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 10) * KIB;
}

/** Runs in a process of its own, in which nothing has allocated before. */
static int first_object(size_t left) {
  struct rlimit limit;
  limit.rlim_cur = limit.rlim_max = status_of_process("VmSize:") + left;
  if (setrlimit(RLIMIT_AS, &limit) != 0) return 3;
  char *object = opaque(malloc(100));
  if (object == NULL) return 1;
  memset(object, 1, 100);
  free(object);
  return opaque(malloc(100)) == NULL ? 4 : 0;
}

static void the_first_object_needs_little_address_space(void **state) {
  (void)state;
  const char *const variables[][2] = {{NULL}, {"SLABMALLOC_RESERVE=0", NULL}};
  for (size_t i = 0; i < COUNT_OF(variables); i++) {
    child c;
    /* Without a place a process needs segments of its own. */
    static const char *const modes[][2] = {{"first-256", "first-352"}, {"first-384", "first-560"}};
    child_run_self(&c, modes[is_hardened()][i], variables[i]);
    assert_child_fine(&c);
  }
}

typedef struct limited {
  int resource;
  size_t size;
} limited;

/** From then on the process gets what the limit leaves, and no more; above it everything works again. */
static int limit_a_running_process(void *argument) {
  limited *what = argument;
  enum { LEFT = 128 * 1024 * 1024 };
  static char *objects[200000];
  const char *counter = what->resource == RLIMIT_AS ? "VmSize:" : "VmData:";
  struct rlimit before, limit;
  free(opaque(malloc(100)));
  size_t used = status_of_process(counter), count = 0;
  if (getrlimit(what->resource, &before) != 0) return 2;
  limit.rlim_cur = used + LEFT, limit.rlim_max = before.rlim_max;
  if (setrlimit(what->resource, &limit) != 0) return 3;
  while (count < COUNT_OF(objects) && (objects[count] = malloc(what->size)) != NULL) count++;
  size_t now = status_of_process(counter);
  if (setrlimit(what->resource, &before) != 0) return 4;
  if (now > used + LEFT) return 5;
  /* Guards of a hardened process are address space. */
  if (count * what->size < (is_hardened() ? LEFT / 4 : LEFT / 8 * 5)) return 6;
  if (count * what->size > LEFT / 8 * 9) return 7;
  return opaque(malloc(what->size)) == NULL ? 8 : 0;
}

static void limits_that_are_set_while_the_program_runs(void **state) {
  (void)state;
  static const int resources[] = {RLIMIT_AS, RLIMIT_DATA};
  static const size_t sizes[] = {1000, 20000, 200000, 3000000, 40000000};
  for (size_t i = 0; i < COUNT_OF(resources) * COUNT_OF(sizes); i++) {
    limited what = {resources[i / COUNT_OF(sizes)], sizes[i % COUNT_OF(sizes)]};
    child c;
    child_call(&c, limit_a_running_process, &what);
    if (!child_exited(&c, 0)) fail_msg("resource %d, %zu: status %#x", what.resource, what.size, (unsigned)c.status);
  }
}

static void *nothing(void *unused) { return unused; }

static int take_many_runs(void *unused) {
  (void)unused;
  static char *objects[40000];
  for (size_t i = 0; i < COUNT_OF(objects); i++) {
    if ((objects[i] = malloc(150000)) == NULL) return 2;
    objects[i][0] = 1;
  }
  /* Holes do not make more of them. */
  for (size_t i = 0; i < COUNT_OF(objects); i += 2) free(objects[i]);
  for (size_t i = 0; i < COUNT_OF(objects); i += 4)
    if ((objects[i] = malloc(20000)) == NULL) return 3;
  static char text[1 << 16];
  size_t lines = 0, most = 65530;
  int file = open("/proc/self/maps", O_RDONLY);
  for (ssize_t got; (got = read(file, text, sizeof text)) > 0;)
    for (ssize_t i = 0; i < got; i++) lines += text[i] == '\n';
  close(file);
  file = open("/proc/sys/vm/max_map_count", O_RDONLY);
  if (read(file, text, sizeof text) > 0) most = strtoull(text, NULL, 10);
  close(file);
  if (lines > most / 2 + 200) return fprintf(stderr, "%zu mappings\n", lines), 4;
  pthread_t thread;
  if (pthread_create(&thread, NULL, nothing, NULL) != 0) return 5;
  pthread_join(thread, NULL);
  return dlopen("libm.so.6", RTLD_NOW) == NULL ? 6 : 0;
}

static void half_of_the_mappings_stay_the_programs(void **state) {
  (void)state;
  child c;
  child_call(&c, take_many_runs, NULL);
  assert_child_fine(&c);
}

/** What a process costs under an emulator, which has tables over all address space that is mapped. */
static void an_emulated_process_is_small(void **state) {
  (void)state;
  static char list[PATH_MAX + 32], profile[64], self[PATH_MAX];
  if (access("/usr/bin/qemu-x86_64", X_OK) != 0) skip();
  snprintf(list, sizeof list, "LD_PRELOAD=%s", getenv("LD_PRELOAD"));
  snprintf(profile, sizeof profile, "SLABMALLOC_PROFILE=%s", is_hardened() ? "hardened" : "checked");
  assert_non_null(realpath("/proc/self/exe", self));
  child c;
  if (child_fork(&c)) {
    unsetenv("LD_PRELOAD");
    execl("/usr/bin/qemu-x86_64", "qemu-x86_64", "-E", list, "-E", profile, self, "ordinary", (char *)NULL);
    _exit(127);
  }
  child_drain(c.out_pipe, c.out, sizeof c.out);
  child_drain(c.err_pipe, c.err, sizeof c.err);
  struct rusage usage;
  assert_int_equal(wait4(c.pid, &c.status, 0, &usage), c.pid);
  assert_child_fine(&c);
  if ((size_t)usage.ru_maxrss * KIB > 40 * MIB) fail_msg("%ld KiB", usage.ru_maxrss);
}

int main(int argc, char **argv) {
  if (argc == 2 && strncmp(argv[1], "first-", 6) == 0) return first_object(strtoul(argv[1] + 6, NULL, 10) * KIB);
  if (argc == 2) return ordinary_calls(), 0;
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(a_sandbox_without_mprotect),
      cmocka_unit_test(a_sandbox_without_madvise_or_mremap),
      cmocka_unit_test(a_locked_page_ends_no_trim),
      cmocka_unit_test(the_first_object_needs_little_address_space),
      cmocka_unit_test(limits_that_are_set_while_the_program_runs),
      cmocka_unit_test(half_of_the_mappings_stay_the_programs),
      cmocka_unit_test(an_emulated_process_is_small),
  };
  return cmocka_run_group_tests_name("preload refusing system", tests, NULL, NULL);
}
