/* A heap that all threads use at once: each has a part of it, and objects go from thread to thread. */
#include "../support/heap_team.h"

#include <sys/wait.h>

static member members[TEAM];

typedef struct worker {
  struct worker *neighbour;
  slm_heap *heap;
  pthread_mutex_t lock;
  unsigned char *mail[64];
  size_t faults;
  uint64_t random;
} worker;

static unsigned char *exchange(worker *to, unsigned char *object) {
  pthread_mutex_lock(&to->lock);
  size_t at = random_below(&to->random, COUNT_OF(to->mail));
  unsigned char *before = to->mail[at];
  to->mail[at] = object;
  pthread_mutex_unlock(&to->lock);
  return before;
}

/** An object starts with its size, and has a pattern behind it. */
static size_t check_and_free(slm_heap *heap, unsigned char *object, size_t way) {
  if (object == NULL) return 0;
  size_t size;
  memcpy(&size, object, sizeof size);
  size_t faults = !pattern_ends_hold(object + 8, size - 8, (uintptr_t)object);
  if (way % 3 == 0) return faults + (slm_heap_deallocate(heap, object) != SLM_OK);
  if (way % 3 == 1) return faults + (slm_heap_deallocate_sized(heap, object, size) != SLM_OK);
  slm_free(object);
  return faults;
}

static void *give_and_take(void *argument) {
  worker *self = argument;
  enum { ROUNDS = 20000 };
  for (size_t i = 0; i < ROUNDS; i++) {
    size_t size = 16 + i * 7919 % (i % 500 == 0 ? 200000 : 900);
    unsigned char *object = slm_heap_allocate(self->heap, size);
    if (object == NULL) {
      self->faults++;
      continue;
    }
    if (i % 16 == 3) {
      size = 16 + size * 3 % 1500;
      unsigned char *moved = slm_heap_reallocate(self->heap, object, size);
      self->faults += moved == NULL || !slm_heap_owns(self->heap, moved);
      object = moved;
    }
    memcpy(object, &size, sizeof size);
    pattern_fill_ends(object + 8, size - 8, (uintptr_t)object);
    self->faults += check_and_free(self->heap, exchange(i % 2 == 0 ? self : self->neighbour, object), i);
  }
  return NULL;
}

static void all_at_once(void **state) {
  (void)state;
  static worker workers[TEAM];
  slm_heap *heap = heap_create();
  uint64_t seed = suite_seed();
  for (size_t i = 0; i < TEAM; i++) {
    workers[i] = (worker){.neighbour = &workers[(i + 1) % TEAM], .heap = heap, .random = seed + i};
    pthread_mutex_init(&workers[i].lock, NULL);
  }
  on_threads(TEAM, give_and_take, workers, sizeof workers[0]);
  size_t left = 0;
  for (size_t i = 0; i < TEAM; i++) {
    assert_int_equal(workers[i].faults, 0);
    for (size_t j = 0; j < COUNT_OF(workers[i].mail); j++) left += workers[i].mail[j] != NULL;
    pthread_mutex_destroy(&workers[i].lock);
  }
  check_process_books();
  assert_int_equal(heap_usage(heap).objects_live, left);
  heap_destroy(heap, left);
  assert_int_equal(misuses.count, 0);
}

/** A part, once left, serves others: memory does not grow with the threads that ever were. */
static void ended_threads_leave_their_parts(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  uint64_t held = 0, heaps = process_statistics().heaps;
  for (size_t i = 0; i < 100; i++) {
    member one = {.heap = heap, .count = 5, .size = 64, .index = i};
    assert_null(on_thread(member_allocate, &one));
    assert_int_equal(one.faults, 0);
    if (i == 0) held = heap_usage(heap).bytes_held;
  }
  assert_int_equal(process_statistics().heaps, heaps);
  assert_int_equal(heap_usage(heap).bytes_held, held); /* 500 objects of 64 bytes are in one slab */
  /* Eight at once have eight slabs, which those who come later fill. */
  team_open(members, heap, 5, 64);
  team_allocate(members);
  held = heap_usage(heap).bytes_held;
  for (size_t i = 0; i < 3000; i++) assert_non_null(slm_heap_allocate(heap, 64));
  assert_int_equal(heap_usage(heap).bytes_held, held);
  heap_destroy(heap, 500 + 5 * TEAM + 3000);
}

/** What others free of ended threads' parts comes back, when memory is short. */
static void memory_of_ended_threads_comes_back(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  team_open(members, heap, TEAM_OBJECTS, 1000);
  team_allocate(members);
  uint64_t held = heap_usage(heap).bytes_held;
  assert_true(held >= TEAM * TEAM_OBJECTS * 1000);
  for (size_t i = 0; i < TEAM; i++) {
    for (size_t j = 0; j < TEAM_OBJECTS; j++) {
      assert_true(member_holds(&members[i], j));
      if (j % 2 == 0) slm_free(members[i].objects[j]);
      else assert_ok(slm_heap_deallocate(heap, members[i].objects[j]));
    }
  }
  assert_int_equal(heap_usage(heap).objects_live, 0);
  assert_ok(slm_heap_set_limits(heap, 0, held));
  void *object = slm_heap_allocate(heap, held / 2); /* all slabs of 1000 bytes must go */
  assert_non_null(object);
  assert_true(heap_usage(heap).bytes_held <= held);
  heap_destroy(heap, 1);
}

static void *wrong_frees(void *argument) {
  member *self = argument;
  for (size_t i = 0; i < self->count; i++) {
    unsigned char *object = self->objects[i];
    size_t size = self->sizes[i];
    self->faults += slm_heap_deallocate(self->heap, object + 8) != SLM_ERR_INTERIOR_POINTER;
    self->faults += slm_heap_deallocate_sized(self->heap, object, size + 4096) != SLM_ERR_LAYOUT_MISMATCH && !is_fast();
    if (is_fast() && slm_heap_usable_size(self->heap, object) == 0) continue; /* was freed with the wrong size */
    self->faults += slm_heap_deallocate_aligned_sized(self->heap, object, 1, size) != SLM_OK;
    self->faults += !is_freed(slm_heap_deallocate(self->heap, object));
  }
  return NULL;
}

/** The statuses are the same on a thread that has no part, and nothing is reported. */
static void misuse_by_other_threads_is_returned(void **state) {
  (void)state;
  slm_heap *heap = heap_create(), *other = heap_create();
  member self = {.heap = heap, .count = TEAM_OBJECTS};
  member_allocate(&self);
  assert_int_equal(self.faults, 0);
  assert_null(on_thread(wrong_frees, &self));
  assert_int_equal(self.faults, 0);
  void *object = slm_heap_allocate(other, 40);
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_heap_deallocate(heap, object));
  assert_int_equal(misuses.count, 0);
  heap_destroy(heap, 0);
  heap_destroy(other, 1);
}

typedef struct race {
  slm_heap *heap;
  void *object;
  pthread_barrier_t *start;
  size_t freed, faults;
} race;

enum { RACES = 2000 };
static void *raced_objects[RACES];

static void *free_in_a_race(void *argument) {
  race *self = argument;
  pthread_barrier_wait(self->start);
  for (size_t i = 0; i < RACES; i++) {
    slm_status status = slm_heap_deallocate(self->heap, raced_objects[i]);
    self->freed += status == SLM_OK;
    self->faults += status != SLM_OK && !is_freed(status);
  }
  return NULL;
}

/** Two threads, neither of which owns the objects, free each of them: one succeeds. */
static void racing_frees(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, 2);
  race races[2] = {{.heap = heap, .start = &start}, {.heap = heap, .start = &start}};
  for (size_t i = 0; i < RACES; i++) assert_non_null(raced_objects[i] = slm_heap_allocate(heap, 16 + i % 600));
  on_threads(2, free_in_a_race, races, sizeof races[0]);
  assert_int_equal(races[0].freed + races[1].freed, RACES);
  assert_int_equal(races[0].faults + races[1].faults, 0);
  assert_int_equal(heap_usage(heap).objects_live, 0);
  assert_int_equal(misuses.count, 0);
  heap_destroy(heap, 0);
  pthread_barrier_destroy(&start);
}

static void *reallocate(void *argument) {
  member *self = argument;
  for (size_t i = 0; i < self->count; i++) {
    unsigned char *moved =
        i % 2 == 0 ? slm_realloc(self->objects[i], 600) : slm_heap_reallocate(self->heap, self->objects[i], 600);
    self->faults += moved == NULL || !pattern_holds(moved, 40, i) || !slm_heap_owns(self->heap, moved);
    self->objects[i] = moved;
  }
  return NULL;
}

/** An object that another thread resizes gets a slot of that thread's part. */
static void resized_by_another_thread(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  member self = {.heap = heap, .count = TEAM_OBJECTS, .size = 40};
  member_allocate(&self);
  assert_null(on_thread(reallocate, &self));
  assert_int_equal(self.faults, 0);
  slm_heap_usage now = heap_usage(heap);
  assert_int_equal(now.objects_live, TEAM_OBJECTS);
  assert_int_equal(now.large_live, 0);
  for (size_t i = 0; i < TEAM_OBJECTS; i++) slm_free_sized(self.objects[i], 600);
  assert_int_equal(misuses.count, 0);
  heap_destroy(heap, 0);
}

typedef struct ending {
  pthread_key_t key;
  slm_heap *heap;
  void *objects[5];
  size_t rounds;
} ending;

/** Allocates in each round of destructors: the thread has returned its slot before the last one. */
static void allocate_at_the_end(void *argument) {
  ending *self = argument;
  if (self->rounds == COUNT_OF(self->objects)) return;
  self->objects[self->rounds] = slm_heap_allocate(self->heap, 100);
  if (self->rounds % 2 == 1) slm_heap_deallocate(self->heap, self->objects[self->rounds - 1]);
  self->rounds++;
  pthread_setspecific(self->key, self);
}

static void *end_with_destructors(void *argument) {
  ending *self = argument;
  pthread_setspecific(self->key, self);
  return NULL;
}

static void destructors_of_a_thread(void **state) {
  (void)state;
  ending it = {.heap = heap_create()};
  assert_int_equal(pthread_key_create(&it.key, allocate_at_the_end), 0);
  assert_null(on_thread(end_with_destructors, &it));
  assert_true(it.rounds >= 4);
  for (size_t i = 0; i < it.rounds; i++) assert_non_null(it.objects[i]);
  assert_int_equal(heap_usage(it.heap).objects_live, it.rounds - it.rounds / 2);
  heap_destroy(it.heap, it.rounds - it.rounds / 2);
  pthread_key_delete(it.key);
}

/** A child has all parts, and may use and destroy the heap. */
static void a_child_of_fork(void **state) {
  (void)state;
  slm_heap *heap = heap_create();
  team_open(members, heap, TEAM_OBJECTS, 0);
  team_allocate(members);
  void *own = slm_heap_allocate(heap, 100);
  pid_t child = fork();
  if (child == 0) {
    size_t live = 0;
    alarm(240);
    for (size_t i = 0; i < TEAM_OBJECTS; i++)
      if (!member_holds(&members[3], i) || slm_heap_deallocate(heap, members[3].objects[i]) != SLM_OK) _exit(2);
    if (slm_heap_deallocate(heap, own) != SLM_OK || slm_heap_allocate(heap, 5000) == NULL) _exit(3);
    if (slm_heap_destroy(heap, &live) != SLM_OK || live != (TEAM - 1) * TEAM_OBJECTS + 1) _exit(4);
    slm_heap *next = slm_heap_create(NULL, NULL);
    _exit(next != NULL && slm_heap_allocate(next, 100) != NULL && slm_heap_destroy(next, NULL) == SLM_OK ? 0 : 5);
  }
  int status = -1;
  assert_true(child > 0 && waitpid(child, &status, 0) == child);
  assert_int_equal(status, 0);
  heap_destroy(heap, TEAM * TEAM_OBJECTS + 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(all_at_once),
      misuse_test(ended_threads_leave_their_parts),
      misuse_test(memory_of_ended_threads_comes_back),
      misuse_test(misuse_by_other_threads_is_returned),
      misuse_test(racing_frees),
      misuse_test(resized_by_another_thread),
      misuse_test(destructors_of_a_thread),
      misuse_test(a_child_of_fork),
  };
  return cmocka_run_group_tests_name("slm_heap of any thread", tests, NULL, NULL);
}
