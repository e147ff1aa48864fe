/* Core dumps: address space that is only reserved is left out, and every object is in. What is ours has a name in
 * /proc/PID/maps, where the kernel can name it. */
#include "../support/child.h"
#include "../support/preload.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

typedef struct mapping {
  uintptr_t start, end;
  bool is_file, is_named, is_writable, is_dumped;
} mapping;

enum { MOST = 4096 };
static mapping mappings[MOST];
static size_t count;
static char text[4 * MIB];

/** Reads /proc/self/smaps without an allocation. */
static void read_mappings(void) {
  int file = open("/proc/self/smaps", O_RDONLY);
  assert_true(file >= 0);
  size_t length = 0;
  for (ssize_t got; (got = read(file, text + length, sizeof text - 1 - length)) > 0;) length += (size_t)got;
  close(file);
  assert_true(length < sizeof text - 1);
  text[length] = '\0';
  count = 0;
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    unsigned long start, end;
    char access[8];
    int path = 0;
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &start, &end, access, &path) == 3) {
      assert_true(count < MOST);
      mappings[count++] = (mapping){.start = start,
                                    .end = end,
                                    .is_file = strchr(line + path, '/') != NULL,
                                    .is_named = strcmp(line + path, "[anon:slabmalloc]") == 0,
                                    .is_writable = access[1] == 'w',
                                    .is_dumped = true};
    } else if (strncmp(line, "VmFlags:", 8) == 0) {
      mappings[count - 1].is_dumped = strstr(line, " dd") == NULL;
    }
  }
}

static bool is_dumped(const void *object, size_t size) {
  uintptr_t next = (uintptr_t)object, end = next + size;
  for (size_t i = 0; i < count && next < end; i++) {
    if (mappings[i].start > next || mappings[i].end <= next) continue;
    if (!mappings[i].is_dumped) return false;
    next = mappings[i].end;
  }
  return next >= end;
}

/** What can be accessed is in a dump, and little else. */
static void reserve_is_left_out(void **state) {
  (void)state;
  free(malloc(100));
  read_mappings();
  size_t dumped = 0;
  for (size_t i = 0; i < count; i++) {
    size_t bytes = mappings[i].end - mappings[i].start;
    if (mappings[i].is_file) continue;
    if (mappings[i].is_dumped) dumped += bytes;
    if (mappings[i].is_writable) assert_true(mappings[i].is_dumped);
  }
  /* The suite's own 4 MiB are among what is dumped. */
  if (dumped > 24 * MIB) fail_msg("a dump has %zu MiB of anonymous memory", dumped / MIB);
}

static void every_object_is_in(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 100, 5000, 100000, 300000, 8 * MIB, 200 * MIB, 5000 * MIB};
  char *objects[COUNT_OF(sizes)][20] = {{0}};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    size_t each = sizes[i] > 10 * MIB ? 2 : 20;
    for (size_t n = 0; n < each; n++) assert_non_null(objects[i][n] = malloc(sizes[i]));
  }
  for (size_t n = 0; n < 20; n += 2) free(objects[5][n]), objects[5][n] = NULL;
  assert_non_null(objects[6][0] = realloc(objects[6][0], 300 * MIB));
  read_mappings();
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t n = 0; n < 20; n++) {
      if (objects[i][n] == NULL) continue;
      if (!is_dumped(objects[i][n], sizes[i])) fail_msg("%p of %zu bytes is not in", (void *)objects[i][n], sizes[i]);
      free(objects[i][n]);
    }
  }
}

/** Memory that was purged and is used again. */
static void used_again_it_is_in(void **state) {
  (void)state;
  for (int round = 0; round < 3; round++) {
    char *objects[200];
    for (size_t i = 0; i < COUNT_OF(objects); i++) assert_non_null(objects[i] = malloc(1 + i * 3000));
    read_mappings();
    for (size_t i = 0; i < COUNT_OF(objects); i++) assert_true(is_dumped(objects[i], 1 + i * 3000));
    for (size_t i = 0; i < COUNT_OF(objects); i++) free(objects[i]);
    malloc_trim(0);
  }
}

enum { SET_VMA = 0x53564d41 };

/** Whether the kernel can name memory. */
static bool knows_names(void) {
  void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return prctl(SET_VMA, 0UL, (unsigned long)page, 4096UL, "mine") == 0;
}

/** Where the kernel knows names, what is ours has one. */
static int look_at_names(void) {
  void *objects[] = {malloc(100), malloc(300000), malloc(5000 * MIB)};
  if (!knows_names()) return 0;
  read_mappings();
  for (size_t o = 0; o < COUNT_OF(objects); o++) {
    bool is_named = false;
    for (size_t i = 0; i < count; i++)
      if (mappings[i].start <= (uintptr_t)objects[o] && (uintptr_t)objects[o] < mappings[i].end)
        is_named = mappings[i].is_named;
    if (!is_named) return 1;
    free(objects[o]);
  }
  return 0;
}

/** Whether the traced process, which is about to make a system call, names memory; and whether as ours. */
static bool names_memory(pid_t pid, bool *is_ours) {
  struct __ptrace_syscall_info call;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof call, &call) <= 0) return false;
  if (call.op != PTRACE_SYSCALL_INFO_ENTRY || call.entry.nr != SYS_prctl) return false;
  if (call.entry.args[0] != SET_VMA || call.entry.args[1] != 0 || call.entry.args[3] == 0) return false;
  char name[16] = "";
  struct iovec here = {name, sizeof "slabmalloc"}, there = {(void *)(uintptr_t)call.entry.args[4], here.iov_len};
  *is_ours = process_vm_readv(pid, &here, 1, &there, 1, 0) > 0 && strcmp(name, "slabmalloc") == 0;
  return true;
}

/** Malloc calls the kernel itself, and only the kernel sees what it wishes. One that refuses is not asked again. */
static void mappings_have_names(void **state) {
  (void)state;
  pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    exec_self("names");
    _exit(9);
  }
  size_t wishes = 0, ours = 0;
  int status = 0;
  while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
    bool is_ours = false;
    /* Stops at system calls are told apart from then on. */
    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD);
    wishes += names_memory(pid, &is_ours);
    ours += is_ours;
    int signal = (WSTOPSIG(status) & ~0x80) == SIGTRAP ? 0 : WSTOPSIG(status);
    if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)signal) != 0) break;
  }
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  /* One that is not ours is the program's own. */
  assert_int_equal(ours, wishes - 1);
  assert_true(ours >= (knows_names() ? 3 : 1));
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "names") == 0) return look_at_names();
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(reserve_is_left_out),
      cmocka_unit_test(every_object_is_in),
      cmocka_unit_test(used_again_it_is_in),
      cmocka_unit_test(mappings_have_names),
  };
  return cmocka_run_group_tests_name("preload dumps", tests, NULL, NULL);
}
