/* Allocations before main, even before any constructor has run, and after it: exit handlers, destructors. */
#include "../support/child.h"
#include "../support/preload.h"

enum { COUNT = 120 };

/** Objects that one stage allocates and another one checks and frees. */
typedef struct stage {
  char *objects[COUNT];
  bool made;
} stage;
static stage preinit, early, normal, from_exit;

static size_t size_of(size_t index) { return 1 + index * index * 3; }

static void make(stage *s) {
  s->made = true;
  for (size_t i = 0; i < COUNT; i++) {
    s->objects[i] = opaque(i % 3 == 0   ? malloc(size_of(i))
                           : i % 3 == 1 ? calloc(1, size_of(i))
                                        : memalign(128, size_of(i)));
    if (s->objects[i] == NULL) s->made = false;
    else pattern_fill(s->objects[i], size_of(i), i);
  }
}

/** Whether all are as they were made; frees them. */
static bool holds(stage *s) {
  bool good = s->made;
  for (size_t i = 0; i < COUNT; i++) {
    good = good && pattern_holds(s->objects[i], size_of(i), i);
    if (i % 2 == 0) s->objects[i] = realloc(s->objects[i], size_of(i) * 2);
    free(s->objects[i]);
  }
  s->made = false;
  return good;
}

/* Runs before the constructors of all shared objects, also before the library's own. */
static void in_preinit(void) { make(&preinit); }
__attribute__((section(".preinit_array"), used)) static void (*const preinit_entry)(void) = in_preinit;
__attribute__((constructor(101))) static void in_early_constructor(void) { make(&early); }
__attribute__((constructor)) static void in_constructor(void) { make(&normal); }

static void objects_from_before_main(void **state) {
  (void)state;
  assert_true(holds(&preinit));
  assert_true(holds(&early));
  assert_true(holds(&normal));
}

/** What is wrong after main shows in the exit status. */
static void check_or_die(bool good) {
  if (!good) _exit(9);
}

static void second_exit_handler(void) {
  check_or_die(holds(&from_exit));
  stage again;
  make(&again);
  check_or_die(holds(&again));
  ssize_t written = write(1, "second ", 7);
  check_or_die(written == 7);
}

static void first_exit_handler(void) {
  make(&from_exit);
  /* Registering a handler may allocate too. */
  for (size_t i = 0; i < 100; i++) check_or_die(atexit(i == 0 ? second_exit_handler : ordinary_calls) == 0);
  ssize_t written = write(1, "first ", 6);
  check_or_die(written == 6);
}

__attribute__((destructor(101))) static void in_late_destructor(void) {
  stage own;
  make(&own);
  check_or_die(holds(&own));
}

/** Exits while another thread still allocates. */
static void *allocate_for_ever(void *argument) {
  for (;;) ordinary_calls();
  return argument;
}

static int run_exit(const char *role) {
  if (atexit(first_exit_handler) != 0) return 1;
  pthread_t thread;
  if (strcmp(role, "threads") == 0 && pthread_create(&thread, NULL, allocate_for_ever, NULL) != 0) return 2;
  /* Objects from before main, freed after it. */
  if (strcmp(role, "quick") == 0) {
    if (at_quick_exit(second_exit_handler) != 0 || at_quick_exit(first_exit_handler) != 0) return 3;
    quick_exit(0);
  }
  if (strcmp(role, "pthread_exit") == 0) pthread_exit(NULL);
  return 0;
}

static void exit_handlers(void **state) {
  (void)state;
  static const char *const roles[] = {"return", "threads", "pthread_exit"};
  for (size_t i = 0; i < COUNT_OF(roles); i++) {
    for (size_t round = 0; round < (i == 1 ? 30 : 1); round++) {
      child c;
      child_run_self(&c, roles[i], NULL);
      assert_child_fine(&c);
      assert_string_equal(c.out, "first second ");
    }
  }
}

static void quick_exit_handlers(void **state) {
  (void)state;
  child c;
  child_run_self(&c, "quick", NULL);
  assert_child_fine(&c);
  assert_string_equal(c.out, "first second ");
}

/** This program allocates before the C library knows its environment; the options count all the same. */
static void options_of_a_program_that_allocates_first(void **state) {
  (void)state;
  child c;
  child_run_self(&c, "return", (const char *const[]){"SLABMALLOC_STATS=1", "SLABMALLOC_NONE=1", NULL});
  assert_true(child_exited(&c, 0));
  assert_non_null(strstr(c.err, "SLABMALLOC_NONE=1: not "));
  assert_non_null(strstr(c.err, "peak"));
}

int main(int argc, char **argv) {
  if (argc == 2) return run_exit(argv[1]);
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(objects_from_before_main),
      cmocka_unit_test(exit_handlers),
      cmocka_unit_test(quick_exit_handlers),
      cmocka_unit_test(options_of_a_program_that_allocates_first),
  };
  return cmocka_run_group_tests_name("preload before and after main", tests, NULL, NULL);
}
