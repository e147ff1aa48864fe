/* Threads with the smallest stacks, thousands that live briefly, and many at once. */
#include "../support/busy.h"

static void *use_everything(void *argument) {
  atomic_size_t *faults = argument;
  for (size_t size = 1; size < 3 * MIB; size = size * 2 + 1) {
    char *a = opaque(malloc(size)), *b = opaque(calloc(1, size)), *c = opaque(memalign(4096, size));
    *faults += a == NULL || b == NULL || c == NULL || b[0] != 0 || b[size - 1] != 0;
    if (a != NULL && c != NULL) a[0] = a[size - 1] = c[0] = c[size - 1] = 1;
    a = realloc(a, size * 2);
    *faults += a == NULL || a[0] != 1 || a[size - 1] != 1;
    free(c);
    free(a);
    free(b);
  }
  return NULL;
}

static void the_smallest_stack(void **state) {
  (void)state;
  pthread_attr_t attributes;
  atomic_size_t faults = 0;
  assert_int_equal(pthread_attr_init(&attributes), 0);
  assert_int_equal(pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)), 0);
  for (size_t round = 0; round < 40; round++) {
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
      assert_int_equal(pthread_create(&threads[i], &attributes, use_everything, &faults), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) join_thread(threads[i]);
  }
  pthread_attr_destroy(&attributes);
  assert_int_equal(faults, 0);
}

/** Keeps nothing; or leaves one object to whoever asks for the thread's result. */
static void *live_briefly(void *argument) {
  size_t *kept[BUSY_KEPT] = {NULL};
  uint64_t random = (uintptr_t)argument;
  size_t faults = busy_round(kept, &random, 300);
  busy_free(kept);
  size_t *result = opaque(malloc(500));
  if (result != NULL) result[0] = faults;
  return result;
}

static void run_briefly(size_t count) {
  for (size_t i = 0; i < count; i += 2) {
    pthread_t threads[2];
    for (size_t j = 0; j < 2; j++) start_thread(&threads[j], live_briefly, (void *)(i + j));
    for (size_t j = 0; j < 2; j++) {
      void *result;
      assert_int_equal(pthread_join(threads[j], &result), 0);
      assert_non_null(result);
      assert_int_equal(*(size_t *)result, 0);
      free(result);
    }
  }
}

static void thousands_of_short_lived_threads(void **state) {
  (void)state;
  run_briefly(500);
  size_t before = resident_settled();
  run_briefly(4000);
  assert_comes_back_to(before, 2 * MIB);
}

/** They all hold objects at the same time; the last to go has most heaps to deal with. */
typedef struct crowd {
  pthread_barrier_t all_hold, may_end;
  atomic_size_t faults;
} crowd;

static void *hold(void *argument) {
  crowd *c = argument;
  size_t *kept[BUSY_KEPT] = {NULL};
  uint64_t random = (uintptr_t)&random;
  c->faults += busy_round(kept, &random, 300);
  pthread_barrier_wait(&c->all_hold);
  c->faults += busy_round(kept, &random, 300);
  pthread_barrier_wait(&c->may_end);
  busy_free(kept);
  return NULL;
}

static void hundreds_at_once(void **state) {
  (void)state;
  enum { CROWD = 400 };
  static pthread_t threads[CROWD];
  crowd c = {.faults = 0};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  pthread_barrier_init(&c.all_hold, NULL, CROWD);
  pthread_barrier_init(&c.may_end, NULL, CROWD + 1);
  for (size_t i = 0; i < CROWD; i++) assert_int_equal(pthread_create(&threads[i], &attributes, hold, &c), 0);
  pthread_barrier_wait(&c.may_end);
  for (size_t i = 0; i < CROWD; i++) join_thread(threads[i]);
  assert_int_equal(c.faults, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(the_smallest_stack),
      cmocka_unit_test(thousands_of_short_lived_threads),
      cmocka_unit_test(hundreds_at_once),
  };
  return cmocka_run_group_tests_name("preload threads", tests, NULL, NULL);
}
