/* Heaps of one's own and several threads: any may free, one after another may allocate, any may destroy. */
#include "../support/process_books.h"
#include "../support/process_threads.h"
#include "../support/process_work.h"

enum { COUNT = 2000 };

static slm_heap *create(void) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_non_null(heap);
  return heap;
}

static void allocate_from(slm_heap *heap, load *l) {
  for (size_t i = 0; i < l->count; i++) {
    assert_non_null(l->objects[i] = slm_heap_allocate(heap, l->size));
    pattern_fill(l->objects[i], l->size, i);
  }
}

static void remote_frees_come_back(void **state) {
  (void)state;
  static void *objects[COUNT];
  slm_heap *heap = create();
  for (size_t size = 16; size < 200000; size = size * 5 + 3) {
    load l = {objects, size > 5000 ? COUNT / 40 : COUNT, size};
    uint64_t used = 0;
    for (size_t round = 0; round < 15; round++) {
      allocate_from(heap, &l);
      assert_disjoint(objects, l.count, size);
      slm_process_usage now = check_process_books();
      if (round == 1) used = now.bytes_slabs + now.bytes_large;
      if (round > 1) assert_true(now.bytes_slabs + now.bytes_large <= used + slab_of_each_class());
      assert_null(on_thread(free_load, &l));
    }
  }
  size_t live = 1;
  assert_ok(slm_heap_destroy(heap, &live));
  assert_int_equal(live, 0);
}

static void remote_frees_count_as_freed(void **state) {
  (void)state;
  static void *objects[COUNT];
  for (size_t size = 16; size < 200000; size = size * 5 + 3) {
    slm_heap *heap = create();
    load l = {objects, 100, size}, first = {objects, 30, size};
    allocate_from(heap, &l);
    assert_null(on_thread(free_load, &first));
    for (size_t i = 30; i < 50; i++) assert_ok(slm_heap_deallocate(heap, objects[i]));
    size_t live = 0;
    assert_ok(slm_heap_destroy(heap, &live));
    assert_int_equal(live, 50);
    check_process_books();
  }
}

static void *destroy(void *heap) {
  size_t live = 0;
  return slm_heap_destroy(heap, &live) == SLM_OK ? (void *)(live + 1) : NULL;
}

static void *fill(void *heap) {
  for (size_t i = 0; i < COUNT; i++)
    if (slm_heap_allocate(heap, i * 13 % 3000) == NULL) return NULL;
  return slm_heap_allocate(heap, 2 * MIB);
}

static void *create_and_fill(void *argument) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  (void)argument;
  return heap != NULL && fill(heap) != NULL ? heap : NULL;
}

/** Made by one thread, filled by two others, destroyed by yet another; all but this one have ended. */
static void handed_from_thread_to_thread(void **state) {
  (void)state;
  assert_true(on_thread(destroy, create()) != NULL);
  slm_process_usage before = check_process_books();
  for (size_t round = 0; round < 20; round++) {
    slm_heap *heap = on_thread(create_and_fill, NULL);
    assert_non_null(heap);
    assert_int_equal(process_statistics().heaps, before.heaps + 1);
    assert_non_null(on_thread(fill, heap));
    assert_non_null(fill(heap));
    assert_int_equal((size_t)on_thread(destroy, heap), 3 * (COUNT + 1) + 1);
    slm_process_usage now = check_process_books();
    assert_int_equal(now.heaps, before.heaps);
    assert_int_equal(now.bytes_large, before.bytes_large);
    assert_true(now.bytes_slabs <= before.bytes_slabs + slab_of_each_class());
  }
}

typedef struct owner {
  struct owner *neighbour;
  slm_heap *heap;
  pthread_mutex_t lock;
  unsigned char *mail[64]; /* objects of the neighbour's heap, for this one to free */
  size_t faults;
  uint64_t random;
} owner;

static void put(owner *to, unsigned char *object, unsigned char **swapped) {
  pthread_mutex_lock(&to->lock);
  size_t at = random_below(&to->random, COUNT_OF(to->mail));
  *swapped = to->mail[at];
  to->mail[at] = object;
  pthread_mutex_unlock(&to->lock);
}

/** Allocates from its own heap, gives half of it away, and frees what it is given. */
static void *own_a_heap(void *argument) {
  owner *self = argument;
  enum { ROUNDS = 40000 };
  for (size_t i = 0; i < ROUNDS; i++) {
    size_t size = 16 + i * 7919 % (i % 100 == 0 ? 200000 : 900);
    unsigned char *object = slm_heap_allocate(self->heap, size), *other = NULL;
    if (object == NULL) {
      self->faults++;
      continue;
    }
    memcpy(object, &size, sizeof size);
    pattern_fill_ends(object + 8, size - 8, (uintptr_t)object);
    if (i % 2 == 0) {
      put(self->neighbour, object, &other); /* what was there is of this heap */
      object = other;
      if (object == NULL) continue;
      memcpy(&size, object, sizeof size);
    }
    self->faults += !pattern_ends_hold(object + 8, size - 8, (uintptr_t)object);
    self->faults += slm_heap_deallocate(self->heap, object) != SLM_OK;
    unsigned char *given = NULL;
    put(self, NULL, &given); /* what this one was given is of the other heap */
    if (given == NULL) continue;
    memcpy(&size, given, sizeof size);
    self->faults += !pattern_ends_hold(given + 8, size - 8, (uintptr_t)given);
    if (i % 64 == 1) self->faults += slm_heap_deallocate(self->heap, given) != SLM_ERR_FOREIGN_POINTER;
    slm_free(given);
  }
  return NULL;
}

static void heaps_of_threads_that_free_for_each_other(void **state) {
  (void)state;
  enum { OWNERS = 4 };
  static owner owners[OWNERS];
  uint64_t seed = suite_seed();
  for (size_t i = 0; i < OWNERS; i++) {
    owners[i] = (owner){.neighbour = &owners[(i + 1) % OWNERS], .heap = create(), .random = seed + i};
    pthread_mutex_init(&owners[i].lock, NULL);
  }
  on_threads(OWNERS, own_a_heap, owners, sizeof owners[0]);
  size_t live = 0, left = 0;
  check_process_books();
  for (size_t i = 0; i < OWNERS; i++) {
    size_t of_heap = 0;
    assert_int_equal(owners[i].faults, 0);
    for (size_t j = 0; j < COUNT_OF(owners[i].mail); j++) left += owners[i].mail[j] != NULL;
    assert_ok(slm_heap_destroy(owners[i].heap, &of_heap));
    live += of_heap;
    pthread_mutex_destroy(&owners[i].lock);
  }
  assert_int_equal(live, left);
  assert_int_equal(check_process_books().large_live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(remote_frees_come_back),
      cmocka_unit_test(remote_frees_count_as_freed),
      cmocka_unit_test(handed_from_thread_to_thread),
      cmocka_unit_test(heaps_of_threads_that_free_for_each_other),
  };
  return cmocka_run_group_tests_name("slm_heap threads", tests, NULL, NULL);
}
