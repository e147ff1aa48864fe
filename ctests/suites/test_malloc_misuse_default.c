/* Misuse without a handler: one line on stderr, and abort(). In a child, which tells what it is about to do. */
#include "../support/emulator.h"
#include "../support/process_misuse.h"
#include "../support/process_sizes.h"
#include "../support/process_threads.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

/** What the child is to print, before the ids of its process and thread. */
static char *expected;
enum { TEXT = 4096 };

#define EXPECT(...) snprintf(expected, TEXT, "slabmalloc: " __VA_ARGS__)

static void double_free(void) {
  void *kept = slm_malloc(40), *object = slm_malloc(40);
  EXPECT("double free of %p (size class %zu)\n", object, slot_of(object));
  slm_free(object);
  slm_free(object);
  slm_free(kept);
}

static void double_free_of_large(void) {
  void *object = slm_malloc(MIB);
  EXPECT("double free of %p (large object)\n", object);
  slm_free(object);
  slm_free(object);
}

static void double_free_by_threads(void) {
  void *kept = slm_malloc(1000), *object = slm_malloc(1000);
  EXPECT("double free of %p (size class %zu)\n", object, slot_of(object));
  on_thread(free_one, object);
  on_thread(free_one, object);
  slm_free(kept);
}

static void interior(void) {
  char *object = slm_malloc(64);
  EXPECT("free of %p, which points into an object (size class %zu)\n", (void *)(object + 16), slot_of(object));
  slm_free(object + 16);
}

static void interior_of_large(void) {
  char *object = slm_malloc(MIB);
  EXPECT("free of %p, which points into an object (large object)\n", (void *)(object + 4096));
  slm_free(object + 4096);
}

static void foreign(void) {
  EXPECT("free of %p, which is no object of this heap\n", (void *)&expected);
  slm_free(&expected);
}

static void foreign_not_mapped(void) {
  EXPECT("free of %p, which is no object of this heap\n", (void *)0x10);
  slm_free((void *)0x10);
}

static void wrong_size(void) {
  void *object = slm_malloc(100);
  EXPECT("free of %p with a wrong size (size class %zu)\n", object, slot_of(object));
  slm_free_sized(object, 2000);
}

static void wrong_size_of_large(void) {
  void *object = slm_malloc(MIB);
  EXPECT("free of %p with a wrong size (large object)\n", object);
  slm_free_sized(object, 2 * MIB);
}

static void after_a_handler(void) {
  slm_process_set_misuse_handler((slm_misuse_handler){record_misuse, &misuses});
  slm_free(&expected); /* goes to the handler, which returns */
  slm_process_set_misuse_handler((slm_misuse_handler){NULL, NULL});
  if (misuses.count == 1) double_free();
}

static void reallocate_freed(void) {
  void *kept = slm_malloc(40), *object = slm_malloc(40);
  EXPECT("double free of %p (size class %zu)\n", object, slot_of(object));
  slm_free(object);
  (void)!slm_realloc(object, 4000);
  slm_free(kept);
}

static void overflow(void) {
  char *object = slm_malloc(100);
  EXPECT("write behind the end of %p (size class %zu)\n", (void *)object, slot_of(object));
  object[slm_usable_size(object)] = 'x'; /* the first byte of a canary is 0 */
  slm_free(object);
}

static void write_after_free(void) {
  enum { COUNT = 2000 };
  static char *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) objects[i] = slm_malloc(100);
  char *object = objects[COUNT / 2];
  EXPECT("write to %p after it was freed (size class %zu)\n", (void *)object, slot_of(object));
  for (size_t i = 0; i < COUNT; i += 2) slm_free(objects[i]);
  object[50] = 1;
  slm_process_purge(); /* no slot is held back any more, and no slab is empty */
  for (size_t i = 0; i < COUNT; i++) objects[i] = slm_malloc(100);
}

/** Runs a function in a child whose stderr comes back as text; the child ends by abort(). */
static void aborts_with_its_line(void (*misuse)(void)) {
  int ends[2], status = 0;
  char text[TEXT] = "";
  size_t length = 0;
  expected[0] = '\0';
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    misuse();
    _exit(0);
  }
  close(ends[1]);
  for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;) length += (size_t)got;
  close(ends[0]);
  assert_int_equal(waitpid(child, &status, 0), child);
  int thread = child;
  if (misuse == double_free_by_threads) {
    char *place = strstr(text, "thread ");
    assert_true(place != NULL && (thread = atoi(place + 7)) > 0 && thread != child);
  }
  drop_emulator_note(text);
  size_t end = strcspn(expected, "\n");
  snprintf(expected + end, TEXT - end, " [process %d, thread %d]\n", child, thread);
  assert_string_equal(text, expected);
  assert_true(strlen(expected) > 0);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
}

static int share_expected(void **state) {
  (void)state;
  expected = mmap(NULL, TEXT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return expected == MAP_FAILED;
}

static void a_double_free(void **state) {
  (void)state;
  aborts_with_its_line(double_free);
  aborts_with_its_line(double_free_of_large);
  aborts_with_its_line(double_free_by_threads);
  aborts_with_its_line(reallocate_freed);
}

static void a_pointer_into_an_object(void **state) {
  (void)state;
  aborts_with_its_line(interior);
  aborts_with_its_line(interior_of_large);
}

static void a_foreign_pointer(void **state) {
  (void)state;
  aborts_with_its_line(foreign);
  aborts_with_its_line(foreign_not_mapped);
}

static void a_wrong_size(void **state) {
  (void)state;
  if (is_fast()) skip(); /* it looks at no size */
  aborts_with_its_line(wrong_size);
  aborts_with_its_line(wrong_size_of_large);
}

static void a_write_where_none_should_be(void **state) {
  (void)state;
  if (!is_hardened()) skip(); /* nobody looks */
  aborts_with_its_line(overflow);
  aborts_with_its_line(write_after_free);
}

static void null_brings_the_default_back(void **state) {
  (void)state;
  aborts_with_its_line(after_a_handler);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_double_free),
      cmocka_unit_test(a_pointer_into_an_object),
      cmocka_unit_test(a_foreign_pointer),
      cmocka_unit_test(a_wrong_size),
      cmocka_unit_test(a_write_where_none_should_be),
      cmocka_unit_test(null_brings_the_default_back),
  };
  return cmocka_run_group_tests_name("slm_malloc misuse without a handler", tests, share_expected, NULL);
}
