/* Threads that end while others free their objects. */
#include "../support/process_books.h"
#include "../support/process_threads.h"

#include <stdatomic.h>

enum { HELPERS = 4, COUNT = 400, KEPT = 8 };

typedef struct helper {
  size_t index;
  unsigned char *kept[KEPT];
} helper;

static struct {
  pthread_barrier_t start_line;
  unsigned char *objects[COUNT];
  size_t size, count;
} shared;

/** Frees its share of the objects of another thread; some of their slabs become this thread's by that. Then it
 * allocates, and
 *  ends while the other helpers are still freeing slots of those slabs. */
static void *free_and_end(void *argument) {
  helper *self = argument;
  pthread_barrier_wait(&shared.start_line);
  for (size_t i = self->index; i < shared.count; i += HELPERS) slm_free(shared.objects[i]);
  for (size_t i = 0; i < KEPT; i++) {
    self->kept[i] = slm_malloc(shared.size);
    if (self->kept[i] != NULL) memset(self->kept[i], (int)self->index, shared.size);
  }
  return NULL;
}

static void allocate_all(void) {
  for (size_t i = 0; i < shared.count; i++) {
    assert_non_null(shared.objects[i] = slm_malloc(shared.size));
    memset(shared.objects[i], (int)(i % 251), shared.size);
  }
}

static void check_and_free_all(void) {
  for (size_t i = 0; i < shared.count; i++)
    assert_true(bytes_are(shared.objects[i], shared.size, (unsigned char)(i % 251)));
  for (size_t i = 0; i < shared.count; i++) slm_free(shared.objects[i]);
}

static void one_round(void) {
  static helper helpers[HELPERS];
  allocate_all();
  for (size_t i = 0; i < HELPERS; i++) helpers[i].index = i;
  pthread_barrier_init(&shared.start_line, NULL, HELPERS);
  on_threads(HELPERS, free_and_end, helpers, sizeof helpers[0]);
  pthread_barrier_destroy(&shared.start_line);
  allocate_all(); /* out of the slabs that were left */
  check_and_free_all();
  for (size_t i = 0; i < HELPERS; i++) {
    for (size_t j = 0; j < KEPT; j++) {
      assert_non_null(helpers[i].kept[j]);
      assert_true(bytes_are(helpers[i].kept[j], shared.size, (unsigned char)i));
      slm_free_sized(helpers[i].kept[j], shared.size);
    }
  }
}

static void while_others_free_their_objects(void **state) {
  (void)state;
  static const size_t sizes[] = {16, 100, 500, 3000, 9000, 40000, SLM_MAX_SIZE, 2 * SLM_MAX_SIZE};
  enum { ROUNDS = 300 };
  slm_free(slm_malloc(1)); /* this thread has a heap */
  uint64_t start = process_bytes_used(), heaps = process_statistics().heaps;
  for (size_t round = 0; round < ROUNDS; round++) {
    shared.size = sizes[round % COUNT_OF(sizes)];
    shared.count = shared.size > 10000 ? COUNT / 10 : COUNT;
    one_round();
    if (round % 10 == 9) assert_int_equal(check_process_books().heaps, heaps);
  }
  assert_true(process_bytes_used() <= start + (HELPERS + 1) * slab_of_each_class());
}

/** The owner lives on, but its slabs change hands all the time. */
static unsigned char *_Atomic passed[64];
static atomic_bool stop;

static void *free_what_is_passed(void *argument) {
  (void)argument;
  for (size_t i = 0; !stop; i++) slm_free(atomic_exchange(&passed[i % COUNT_OF(passed)], NULL));
  return NULL;
}

static void *allocate_pass_and_end(void *argument) {
  (void)argument;
  for (size_t i = 0; i < 3000; i++) slm_free(atomic_exchange(&passed[i * 7 % COUNT_OF(passed)], slm_malloc(3000)));
  return NULL;
}

static void while_others_always_free(void **state) {
  (void)state;
  pthread_t freeing[2];
  for (size_t i = 0; i < COUNT_OF(freeing); i++)
    assert_int_equal(pthread_create(&freeing[i], NULL, free_what_is_passed, NULL), 0);
  for (size_t round = 0; round < 150; round++) on_threads(2, allocate_pass_and_end, passed, 0);
  stop = true;
  for (size_t i = 0; i < COUNT_OF(freeing); i++) assert_int_equal(pthread_join(freeing[i], NULL), 0);
  for (size_t i = 0; i < COUNT_OF(passed); i++) slm_free(atomic_exchange(&passed[i], NULL));
  assert_true(check_process_books().bytes_slabs <= 4 * slab_of_each_class());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(while_others_free_their_objects),
      cmocka_unit_test(while_others_always_free),
  };
  return cmocka_run_group_tests_name("slm_malloc ends of threads", tests, NULL, NULL);
}
