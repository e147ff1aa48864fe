/* A heap with parts of several threads is destroyed by one of them, or by another; all of them know that it is gone. */
#include "../support/heap_team.h"

static member members[TEAM];

typedef struct user {
  slm_heap *heap, *next;
  pthread_barrier_t *barrier;
  void *object, *of_next;
  size_t faults;
} user;

/** Uses a heap, waits until it is destroyed, and uses the next one, which may be at the same place. */
static void *use_two_heaps(void *argument) {
  user *self = argument;
  self->object = slm_heap_allocate(self->heap, 100);
  self->faults += self->object == NULL || slm_heap_allocate(self->heap, 300000) == NULL;
  pthread_barrier_wait(self->barrier);
  pthread_barrier_wait(self->barrier); /* destroyed */
  self->faults += slm_heap_allocate(self->heap, 100) != NULL || slm_heap_allocate(self->heap, 5000) != NULL;
  self->faults += slm_heap_deallocate(self->heap, self->object) != SLM_ERR_NOT_INITIALIZED;
  self->faults += slm_heap_owns(self->heap, self->object);
  self->faults += slm_heap_destroy(self->heap, NULL) != SLM_ERR_NOT_INITIALIZED;
  pthread_barrier_wait(self->barrier);
  pthread_barrier_wait(self->barrier); /* the next one is there */
  self->of_next = slm_heap_allocate(self->next, 100);
  self->faults += self->of_next == NULL || !slm_heap_owns(self->next, self->of_next);
  pthread_barrier_wait(self->barrier);
  pthread_barrier_wait(self->barrier); /* until all have allocated */
  self->faults += slm_heap_deallocate(self->next, self->of_next) != SLM_OK;
  return NULL;
}

static void *destroy(void *heap) {
  size_t live = 0;
  return slm_heap_destroy(heap, &live) == SLM_OK ? (void *)(live + 1) : NULL;
}

static void *hold_a_heap(void *barrier) {
  slm_free(slm_malloc(1));
  pthread_barrier_wait(barrier);
  pthread_barrier_wait(barrier);
  return NULL;
}

static void live_threads_find_it_gone(void **state) {
  (void)state;
  static user users[TEAM];
  pthread_barrier_t barrier, held;
  pthread_t threads[TEAM], holder;
  slm_heap *others[TEAM];
  heap_destroy(heap_create(), 0);
  slm_process_usage before = check_process_books();
  slm_heap *heap = heap_create();
  pthread_barrier_init(&barrier, NULL, TEAM + 1);
  for (size_t i = 0; i < TEAM; i++) {
    users[i] = (user){.heap = heap, .barrier = &barrier};
    assert_int_equal(pthread_create(&threads[i], NULL, use_two_heaps, &users[i]), 0);
  }
  pthread_barrier_wait(&barrier);
  assert_int_equal(process_statistics().heaps, before.heaps + 1);
  assert_int_equal((size_t)on_thread(destroy, heap), 2 * TEAM + 1); /* by a thread that never used it */
  assert_int_equal(process_statistics().heaps, before.heaps);
  assert_int_equal(process_bytes_used(), before.bytes_slabs + before.bytes_large);
  /* Its memory has other users: a thread has that of the heap, and other heaps have that of its parts. */
  pthread_barrier_init(&held, NULL, 2);
  assert_int_equal(pthread_create(&holder, NULL, hold_a_heap, &held), 0);
  pthread_barrier_wait(&held);
  for (size_t i = 0; i < TEAM; i++) {
    others[i] = heap_create();
    assert_ptr_not_equal(others[i], heap);
    assert_non_null(slm_heap_allocate(others[i], 100));
  }
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  for (size_t i = 0; i < TEAM; i++) heap_destroy(others[i], 1);
  pthread_barrier_wait(&held);
  assert_int_equal(pthread_join(holder, NULL), 0);
  pthread_barrier_destroy(&held);
  slm_heap *next = heap_create();
  for (size_t i = 0; i < TEAM; i++) users[i].next = next;
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  assert_int_equal(heap_usage(next).objects_live, TEAM);
  for (size_t i = 0; i < TEAM; i++)
    for (size_t j = 0; j < i; j++) assert_ptr_not_equal(users[i].of_next, users[j].of_next);
  pthread_barrier_wait(&barrier);
  for (size_t i = 0; i < TEAM; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(users[i].faults, 0);
  }
  heap_destroy(next, 0);
  pthread_barrier_destroy(&barrier);
  assert_int_equal(misuses.count, 0);
}

/** Its slabs, large objects and parts go back, however many threads made them. */
static void all_memory_goes(void **state) {
  (void)state;
  heap_destroy(heap_create(), 0);
  slm_process_usage before = check_process_books();
  for (size_t round = 0; round < 10; round++) {
    slm_heap *heap = heap_create();
    team_open(members, heap, TEAM_OBJECTS, 0);
    team_allocate(members);
    for (size_t i = 0; i < TEAM_OBJECTS; i++) slm_free(members[round % TEAM].objects[i]);
    assert_int_equal((size_t)on_thread(destroy, heap), (TEAM - 1) * TEAM_OBJECTS + 1);
    slm_process_usage now = check_process_books();
    assert_int_equal(now.heaps, before.heaps);
    assert_int_equal(now.bytes_slabs + now.bytes_large, before.bytes_slabs + before.bytes_large);
  }
  assert_int_equal(misuses.count, 0);
}

/** What a destroyed heap had is nobody's, on each thread. */
static void its_objects_are_gone(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  team_open(members, heap, 10, 0);
  team_allocate(members);
  heap_destroy(heap, 10 * TEAM);
  for (size_t i = 0; i < TEAM; i++) {
    size_t before = misuses.count;
    assert_status(SLM_ERR_NOT_INITIALIZED, slm_heap_deallocate(heap, members[i].objects[0]));
    on_thread(free_one, members[i].objects[1]);
    assert_null(slm_realloc(members[i].objects[2], 10));
    assert_int_equal(misuses.count, before + 2);
  }
}

enum { HEAPS = 40 };
static slm_heap *many[HEAPS];

static void *use_many(void *argument) {
  member *self = argument;
  for (size_t round = 0; round < 50; round++)
    for (size_t i = 0; i < HEAPS; i++) {
      unsigned char *object = slm_heap_allocate(many[i], 16 + i);
      self->faults += object == NULL || !slm_heap_owns(many[i], object) || slm_heap_owns(many[(i + 1) % HEAPS], object);
      if (object != NULL && round % 2 == 0) self->faults += slm_heap_deallocate(many[i], object) != SLM_OK;
    }
  return NULL;
}

/** Each thread has a part of each of many heaps, and each heap has its own objects. */
static void many_heaps_of_many_threads(void **state) {
  (void)state;
  for (size_t i = 0; i < HEAPS; i++) many[i] = heap_create();
  team_open(members, NULL, 0, 0);
  on_threads(TEAM, use_many, members, sizeof members[0]);
  for (size_t i = 0; i < TEAM; i++) assert_int_equal(members[i].faults, 0);
  for (size_t i = 0; i < HEAPS; i++) heap_destroy(many[i], 25 * TEAM);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(live_threads_find_it_gone),
      misuse_test(all_memory_goes),
      misuse_test(its_objects_are_gone),
      misuse_test(many_heaps_of_many_threads),
  };
  return cmocka_run_group_tests_name("slm_heap destroy and threads", tests, NULL, NULL);
}
