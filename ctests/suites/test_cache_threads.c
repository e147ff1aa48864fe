/* A cache for several threads, from several threads. Threads count what is wrong; only the test itself asserts. */
#include "../support/family.h"

#include <stdatomic.h>

enum { WORKERS = 4, MAILBOXES = 64, SIZE = 72, STEPS = 60000 };

typedef struct team {
  test_provider provider;
  cache_storage_type storage;
  slm_cache *cache;
  _Atomic(void *) mail[MAILBOXES];
  atomic_size_t faults, double_frees;
  pthread_barrier_t barrier;
  void *shared;
} team;

typedef struct member {
  team *team;
  uint64_t random;
  pthread_t thread;
} member;

static void run_team(team *t, void *(*body)(void *)) {
  uint64_t seed = suite_seed();
  member members[WORKERS];
  memset(t, 0, sizeof *t);
  test_provider_open(&t->provider, 4096);
  slm_options options = SUITE_OPTIONS(test_provider_both(&t->provider));
  t->cache = slm_cache_init(&t->storage, sizeof t->storage, 8, SIZE, &options, NULL);
  assert_ptr_equal(t->cache, &t->storage);
  assert_int_equal(pthread_barrier_init(&t->barrier, NULL, WORKERS), 0);
  for (size_t i = 0; i < WORKERS; i++) {
    members[i] = (member){.team = t, .random = seed + i};
    assert_int_equal(pthread_create(&members[i].thread, NULL, body, &members[i]), 0);
  }
  for (size_t i = 0; i < WORKERS; i++) assert_int_equal(pthread_join(members[i].thread, NULL), 0);
  pthread_barrier_destroy(&t->barrier);
  assert_int_equal(t->faults, 0);
}

static void end_team(team *t) {
  size_t live = SIZE_MAX;
  slm_statistics all = {.struct_size = sizeof all};
  assert_ok(slm_cache_statistics(t->cache, &all));
  assert_int_equal(all.slots_live, 0);
  assert_int_equal(all.base_pages_taken - all.base_pages_given_back, test_provider_out(&t->provider, BASE));
  assert_ok(slm_cache_destroy(t->cache, &live));
  assert_int_equal(live, 0);
  test_provider_close(&t->provider);
}

/** Its first word says what its pattern is. */
static void *make_object(member *self, size_t i) {
  slm_cache *cache = self->team->cache;
  void *object = NULL;
  if (i % 3 == 0) object = slm_cache_allocate(cache);
  else if (i % 3 == 1) object = slm_cache_allocate_zeroed(cache);
  else self->team->faults += slm_cache_allocate_with(cache, 0, &object) != SLM_OK;
  self->team->faults += object == NULL || !slm_cache_owns(cache, object) || slm_cache_usable_size(cache, object) < SIZE;
  if (object == NULL) return NULL;
  if (i % 3 == 1) self->team->faults += !bytes_are(object, SIZE, 0);
  uint64_t id = random_next(&self->random);
  memcpy(object, &id, sizeof id);
  pattern_fill((char *)object + sizeof id, SIZE - sizeof id, id);
  return object;
}

static void free_object(team *t, void *object, size_t i) {
  if (object == NULL) return;
  uint64_t id;
  memcpy(&id, object, sizeof id);
  t->faults += !pattern_holds((char *)object + sizeof id, SIZE - sizeof id, id);
  if (i % 2 == 0) t->faults += slm_cache_deallocate(t->cache, object) != SLM_OK;
  else t->faults += slm_cache_deallocate_aligned_sized(t->cache, object, 8, SIZE) != SLM_OK;
}

static void *pass_objects_on(void *argument) {
  member *self = argument;
  team *t = self->team;
  for (size_t i = 0; i < STEPS; i++) {
    void *object = make_object(self, i);
    free_object(t, atomic_exchange(&t->mail[random_below(&self->random, MAILBOXES)], object), i);
    if (i % 1000 == 0) t->faults += slm_cache_reclaim(t->cache, 4, 1, NULL) != SLM_OK;
    if (i % 3000 == 1) t->faults += slm_cache_reserve(t->cache, i % 2000) != SLM_OK;
  }
  return NULL;
}

static void objects_freed_by_other_threads(void **state) {
  (void)state;
  static team t;
  run_team(&t, pass_objects_on);
  for (size_t i = 0; i < MAILBOXES; i++) free_object(&t, t.mail[i], i);
  end_team(&t);
}

static void *free_at_once(void *argument) {
  member *self = argument;
  team *t = self->team;
  for (size_t round = 0; round < 300; round++) {
    if (pthread_barrier_wait(&t->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) t->shared = slm_cache_allocate(t->cache);
    pthread_barrier_wait(&t->barrier);
    slm_status status = slm_cache_deallocate(t->cache, t->shared);
    t->double_frees += status == SLM_ERR_DOUBLE_FREE;
    t->faults += status != SLM_OK && status != SLM_ERR_DOUBLE_FREE;
  }
  return NULL;
}

static void one_of_racing_frees_is_right(void **state) {
  (void)state;
  static team t;
  run_team(&t, free_at_once);
  assert_int_equal(t.double_frees, 300 * (WORKERS - 1));
  end_team(&t);
}

/** The reserve is there for whichever thread comes. */
static void *take_of_the_reserve(void *argument) {
  member *self = argument;
  team *t = self->team;
  void *objects[50];
  if (pthread_barrier_wait(&t->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
    t->faults += slm_cache_reserve(t->cache, WORKERS * COUNT_OF(objects)) != SLM_OK;
    t->provider.dry = true;
  }
  pthread_barrier_wait(&t->barrier);
  for (size_t i = 0; i < COUNT_OF(objects); i++)
    t->faults += slm_cache_allocate_with(t->cache, SLM_NOWAIT, &objects[i]) != SLM_OK;
  pthread_barrier_wait(&t->barrier);
  for (size_t i = 0; i < COUNT_OF(objects); i++) t->faults += slm_cache_deallocate(t->cache, objects[i]) != SLM_OK;
  return NULL;
}

static void a_reserve_serves_all_threads(void **state) {
  (void)state;
  static team t;
  run_team(&t, take_of_the_reserve);
  end_team(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(objects_freed_by_other_threads),
      cmocka_unit_test(one_of_racing_frees_is_right),
      cmocka_unit_test(a_reserve_serves_all_threads),
  };
  return cmocka_run_group_tests_name(CACHE_FAMILY " threads", tests, NULL, NULL);
}
