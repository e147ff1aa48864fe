/* Objects freed by other threads than those that allocated them: memory comes back, and holds what it should. */
#include "../support/process_books.h"
#include "../support/process_threads.h"

#include <stdatomic.h>

static void memory_comes_back_to_the_owner(void **state) {
  (void)state;
  enum { COUNT = 4000 };
  static void *objects[COUNT];
  for (size_t size = 16; size <= 60000; size = size * 4 - 20) {
    load l = {objects, size > 5000 ? COUNT / 20 : COUNT, size};
    allocate_load(&l);
    uint64_t slabs = check_process_books().bytes_slabs;
    for (size_t round = 0; round < 20; round++) {
      assert_null(on_thread(free_load, &l));
      allocate_load(&l);
      assert_disjoint(objects, l.count, size);
      assert_true(check_process_books().bytes_slabs <= slabs + slab_of_each_class());
    }
    assert_null(free_load(&l));
    assert_true(check_process_books().bytes_slabs <= 2 * slab_of_each_class());
  }
}

static void the_last_ones_too(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  static void *objects[COUNT];
  load l = {objects, COUNT, 300};
  uint64_t start = process_bytes_used();
  for (size_t round = 0; round < 50; round++) {
    allocate_load(&l);
    assert_null(on_thread(free_load, &l));
  }
  /* The owner gets them at its next calls. */
  for (size_t i = 0; i < 100; i++) slm_free(slm_malloc(300));
  slm_process_purge();
  assert_true(process_bytes_used() <= start + COUNT * 320 + slab_of_each_class());
}

/** Slots of the slab that is being allocated from come back while another class looks for a slab, so that nothing of it
 * is used
 *  when the next word of it is needed. With no delay it may be given back at that moment. */
static void a_slab_is_empty_when_its_next_word_is_needed(void **state) {
  (void)state;
  enum { WORD = 64, OTHERS = 40, ROUNDS = 400 };
  static void *objects[2 * WORD], *others[OTHERS];
  slm_process_options before = process_options();
  set_process_options(0, 0);
  for (size_t round = 0; round < ROUNDS; round++) {
    load l = {objects, round % 2 != 0 ? WORD : WORD + round % WORD, 500}, m = {others, OTHERS, 40000};
    allocate_load(&l);
    assert_null(on_thread(free_load, &l));
    allocate_load(&m);
    assert_null(free_load(&m));
    assert_true(check_process_books().bytes_slabs <= 2 * slab_of_each_class());
  }
  assert_ok(slm_process_configure(&before, NULL));
}

/** One thread allocates, the other frees, all the time; not more than a window of objects is under way. */
enum { WINDOW = 1024, PASSED = 400000 };
static _Atomic(void *) ring[WINDOW];

static size_t passed_size(size_t index) { return 16 + index * 2654435761u % 600; }

static void *consume(void *argument) {
  (void)argument;
  uintptr_t faults = 0;
  for (size_t i = 0; i < PASSED; i++) {
    void *object;
    while ((object = atomic_exchange(&ring[i % WINDOW], NULL)) == NULL) sched_yield();
    faults += !pattern_holds(object, passed_size(i), i);
    slm_free(object);
  }
  return (void *)faults;
}

static void a_stream_needs_a_window_of_memory(void **state) {
  (void)state;
  pthread_t consumer;
  void *faults = NULL;
  uint64_t start = process_bytes_used(), most = 0;
  assert_int_equal(pthread_create(&consumer, NULL, consume, NULL), 0);
  for (size_t i = 0; i < PASSED; i++) {
    void *object = slm_malloc(passed_size(i));
    assert_non_null(object);
    pattern_fill(object, passed_size(i), i);
    while (atomic_load(&ring[i % WINDOW]) != NULL) sched_yield();
    atomic_store(&ring[i % WINDOW], object);
    if (i % 1000 == 0 && process_bytes_used() > most) most = process_bytes_used();
  }
  assert_int_equal(pthread_join(consumer, &faults), 0);
  assert_null(faults);
  assert_true(most <= start + 4 * WINDOW * 640 + 2 * slab_of_each_class());
  check_process_books();
}

/** Threads put objects where any thread may take and free them. */
enum { THREADS = 8, MAILBOXES = 512, LETTERS = 40000 };
static _Atomic(size_t *) mail[MAILBOXES];

typedef struct member {
  uint64_t random;
  size_t faults;
} member;

/** An object says itself what it should hold: its size, then its pattern. */
static size_t *write_letter(member *self) {
  size_t size = 16 + random_below(&self->random, random_below(&self->random, 100) == 0 ? 200000 : 1000);
  size_t *letter = random_below(&self->random, 8) == 0 ? slm_aligned_alloc(128, size) : slm_malloc(size);
  if (letter == NULL) {
    self->faults++;
    return NULL;
  }
  letter[0] = size;
  pattern_fill_ends(letter + 1, size - 8, (uintptr_t)letter);
  return letter;
}

static void read_letter(member *self, size_t *letter) {
  if (letter == NULL) return;
  self->faults += !pattern_ends_hold(letter + 1, letter[0] - 8, (uintptr_t)letter);
  if (random_below(&self->random, 4) == 0) { /* moved by a thread that is not its owner, often */
    size_t head[PATTERN_END / 8], kept = letter[0] < sizeof head ? letter[0] : sizeof head;
    memcpy(head, letter, kept);
    size_t *moved = slm_realloc(letter, letter[0] + random_below(&self->random, 3000));
    self->faults += moved == NULL || memcmp(head, moved, kept) != 0;
    letter = moved;
  }
  slm_free(letter);
}

static void *correspond(void *argument) {
  member *self = argument;
  for (size_t i = 0; i < LETTERS; i++)
    read_letter(self, atomic_exchange(&mail[random_below(&self->random, MAILBOXES)], write_letter(self)));
  return NULL;
}

static void all_to_all(void **state) {
  (void)state;
  static member members[THREADS];
  uint64_t seed = suite_seed(), heaps = process_statistics().heaps;
  for (size_t round = 0; round < 2; round++) {
    for (size_t i = 0; i < THREADS; i++) members[i] = (member){.random = seed + round * THREADS + i};
    on_threads(THREADS, correspond, members, sizeof members[0]);
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(members[i].faults, 0);
    check_process_books();
  }
  for (size_t i = 0; i < MAILBOXES; i++) read_letter(&members[0], atomic_exchange(&mail[i], NULL));
  assert_int_equal(members[0].faults, 0);
  slm_process_usage end = check_process_books();
  assert_int_equal(end.large_live, 0);
  assert_int_equal(end.heaps, heaps);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_comes_back_to_the_owner),
      cmocka_unit_test(the_last_ones_too),
      cmocka_unit_test(a_slab_is_empty_when_its_next_word_is_needed),
      cmocka_unit_test(a_stream_needs_a_window_of_memory),
      cmocka_unit_test(all_to_all),
  };
  return cmocka_run_group_tests_name("slm_malloc remote frees", tests, NULL, NULL);
}
