/* A program that replaces functions of the C library by its own, which allocate: those that watch memory, and those
 * that change the time. Malloc calls the system itself, so it never calls such a function while it holds a lock. */
#include "../support/busy.h"
#include "../support/child.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static atomic_size_t calls, failures;

static void allocate(void) {
  calls++;
  void *small = opaque(malloc(100)), *large = opaque(malloc(400000)), *object = opaque(calloc(1, 5000));
  if (small == NULL || large == NULL || object == NULL) failures++;
  free(small);
  free(large);
  free(object);
}

void *mmap(void *place, size_t bytes, int protection, int flags, int file, off_t offset) {
  allocate();
  return (void *)syscall(SYS_mmap, place, bytes, protection, flags, file, offset);
}
void *mmap64(void *place, size_t bytes, int protection, int flags, int file, off_t offset) {
  return mmap(place, bytes, protection, flags, file, offset);
}
int munmap(void *memory, size_t bytes) {
  allocate();
  return (int)syscall(SYS_munmap, memory, bytes);
}
int mprotect(void *memory, size_t bytes, int protection) {
  allocate();
  return (int)syscall(SYS_mprotect, memory, bytes, protection);
}
int madvise(void *memory, size_t bytes, int advice) {
  allocate();
  return (int)syscall(SYS_madvise, memory, bytes, advice);
}
void *mremap(void *memory, size_t bytes, size_t new_bytes, int flags, ...) {
  allocate();
  va_list rest;
  va_start(rest, flags);
  void *place = va_arg(rest, void *);
  va_end(rest);
  return (void *)syscall(SYS_mremap, memory, bytes, new_bytes, flags, place);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
  allocate();
  return (int)syscall(SYS_clock_gettime, clock, now);
}

int prctl(int option, ...) {
  va_list rest;
  va_start(rest, option);
  unsigned long a = va_arg(rest, unsigned long), b = va_arg(rest, unsigned long), c = va_arg(rest, unsigned long),
                d = va_arg(rest, unsigned long);
  va_end(rest);
  allocate();
  return (int)syscall(SYS_prctl, option, a, b, c, d);
}
/** The first allocation asks for something here, and allocates there. */
unsigned long getauxval(unsigned long type) {
  static volatile int is_inside; /* gcc takes malloc for a function that calls nothing of this file */
  if (!is_inside) {
    is_inside = 1;
    allocate();
    is_inside = 0;
  }
  static unsigned long entries[128];
  if (entries[0] == 0) {
    int file = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/auxv", O_RDONLY);
    if (syscall(SYS_read, file, entries, sizeof entries - 2 * sizeof entries[0]) <= 0) failures++;
    syscall(SYS_close, file);
  }
  for (size_t i = 0; entries[i] != AT_NULL; i += 2)
    if (entries[i] == type) return entries[i + 1];
  errno = ENOENT;
  return 0;
}

/** What makes malloc ask the system for memory, move and return it, and look at the clock. */
static int work(void *argument) {
  (void)argument;
  size_t *kept[BUSY_KEPT] = {NULL};
  uint64_t random = 11;
  size_t faults = 0;
  for (size_t i = 0; i < 30; i++) {
    faults += busy_round(kept, &random, 300);
    char *large = malloc(4 * MIB);
    if (large == NULL) return 1;
    large[0] = large[4 * MIB - 1] = 1;
    large = realloc(large, 9 * MIB);
    if (large == NULL || large[0] != 1 || large[4 * MIB - 1] != 1) return 2;
    free(large);
    malloc_trim(0);
  }
  busy_free(kept);
  return faults == 0 && failures == 0 ? 0 : 3;
}

static void in_a_program(void **state) {
  (void)state;
  child c;
  child_call(&c, work, NULL);
  assert_child_fine(&c);
  busy b;
  busy_start(&b);
  assert_int_equal(work(NULL), 0);
  busy_stop(&b);
}

/** Otherwise the other test would prove nothing. */
static void are_called(void **state) {
  (void)state;
  struct timespec now;
  size_t before = calls;
  assert_ptr_equal(function_named("mmap"), (void *)mmap);
  assert_ptr_equal(function_named("clock_gettime"), (void *)clock_gettime);
  assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  assert_int_equal(calls, before + 1);
  assert_ptr_equal(function_named("prctl"), (void *)prctl);
  assert_ptr_equal(function_named("getauxval"), (void *)getauxval);
  assert_int_equal(getauxval(AT_PAGESZ), 4096);
  assert_int_equal(calls, before + 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(are_called),
      cmocka_unit_test(in_a_program),
  };
  return cmocka_run_group_tests_name("preload hooks", tests, NULL, NULL);
}
