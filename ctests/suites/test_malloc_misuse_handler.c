/* The misuse handler: setting one gives back the former one, from any thread, and no misuse sees a mixture of two. */
#include "../support/process_threads.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/** A handler whose context must be its own. */
typedef struct {
  atomic_size_t calls, strangers;
} counter;
static counter first, second;

static void count_first(void *context, const slm_misuse *misuse) {
  (void)misuse;
  atomic_fetch_add(&first.calls, 1);
  if (context != &first) atomic_fetch_add(&first.strangers, 1);
}

static void count_second(void *context, const slm_misuse *misuse) {
  (void)misuse;
  atomic_fetch_add(&second.calls, 1);
  if (context != &second) atomic_fetch_add(&second.strangers, 1);
}

static const slm_misuse_handler handlers[] = {{count_first, &first}, {count_second, &second}};

static bool is(slm_misuse_handler handler, const slm_misuse_handler *expected) {
  return handler.function == expected->function && handler.context == expected->context;
}

static void the_former_handler_comes_back(void **state) {
  (void)state;
  const slm_misuse_handler none = {NULL, NULL};
  assert_true(is(slm_process_set_misuse_handler(handlers[0]), &none));
  assert_true(is(slm_process_set_misuse_handler(handlers[1]), &handlers[0]));
  slm_free((void *)16);
  assert_int_equal(first.calls, 0);
  assert_int_equal(second.calls, 1);
  assert_true(is(slm_process_set_misuse_handler(none), &handlers[1]));
  assert_true(is(slm_process_set_misuse_handler(none), &none));
}

static slm_misuse_handler former;

/** A handler that passes on what it gets. */
static void pass_on(void *context, const slm_misuse *misuse) {
  (void)context;
  former.function(former.context, misuse);
}

static void a_handler_may_call_the_former_one(void **state) {
  (void)state;
  size_t before = first.calls;
  slm_process_set_misuse_handler(handlers[0]);
  former = slm_process_set_misuse_handler((slm_misuse_handler){pass_on, NULL});
  slm_free((void *)16);
  assert_int_equal(first.calls, before + 1);
  slm_process_set_misuse_handler((slm_misuse_handler){NULL, NULL});
}

enum { ROUNDS = 20000 };

static void *misuse_again_and_again(void *unused) {
  (void)unused;
  for (size_t i = 0; i < ROUNDS; i++) slm_free((void *)16);
  return NULL;
}

static void *set_again_and_again(void *faults) {
  for (size_t i = 0; i < ROUNDS; i++) {
    slm_misuse_handler old = slm_process_set_misuse_handler(handlers[i % 2]);
    if (!is(old, &handlers[0]) && !is(old, &handlers[1])) ++*(size_t *)faults;
  }
  return NULL;
}

static void a_misuse_sees_one_handler(void **state) {
  (void)state;
  size_t before = first.calls + second.calls;
  slm_process_set_misuse_handler(handlers[0]);
  pthread_t threads[4];
  size_t faults[2] = {0, 0};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, misuse_again_and_again, NULL), 0);
    assert_int_equal(pthread_create(&threads[2 + i], NULL, set_again_and_again, &faults[i]), 0);
  }
  for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  slm_process_set_misuse_handler((slm_misuse_handler){NULL, NULL});
  assert_int_equal(first.calls + second.calls - before, 2 * ROUNDS);
  assert_int_equal(first.strangers + second.strangers, 0);
  assert_int_equal(faults[0] + faults[1], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_former_handler_comes_back),
      cmocka_unit_test(a_handler_may_call_the_former_one),
      cmocka_unit_test(a_misuse_sees_one_handler),
  };
  return cmocka_run_group_tests_name("slm_process misuse handlers", tests, NULL, NULL);
}
