/* Limits, constructors and walks, while several threads use the zone. Threads count what is wrong; the test asserts. */
#include "../support/family.h"

#include <stdatomic.h>

enum { WORKERS = 4, OLD = 500, ROUNDS = 15000, LIMIT_PAGES = 12 };

typedef struct team {
  fixture f;
  cache_storage_type storage;
  slm_cache *cache;
  atomic_size_t faults, refused, soft_calls, most_out, constructed, destroyed;
  atomic_size_t running;
  void *old[OLD]; /* live all the time */
  unsigned char visits[OLD];
} team;

static void on_soft_limit(void *context, size_t bytes) {
  team *t = context;
  t->faults += bytes > LIMIT_PAGES * 4096;
  t->soft_calls++;
}

static size_t pages_out(team *t) {
  pthread_mutex_lock(&t->f.provider.lock);
  size_t out = test_provider_out(&t->f.provider, BASE) + 512 * test_provider_out(&t->f.provider, LARGE);
  pthread_mutex_unlock(&t->f.provider.lock);
  return out;
}

static void *fill_to_the_limit(void *argument) {
  team *t = argument;
  void *objects[64] = {NULL};
  uint64_t random = (uintptr_t)objects;
  for (size_t round = 0; round < ROUNDS; round++) {
    size_t i = random_below(&random, 64);
    t->faults += slm_zone_deallocate(t->f.zone, objects[i]) != SLM_OK;
    slm_status status = slm_zone_allocate_with(t->f.zone, 8, 1 + random_below(&random, ONE_PER_PAGE), 0, &objects[i]);
    t->faults += status != SLM_OK && status != SLM_ERR_LIMIT;
    t->refused += status == SLM_ERR_LIMIT;
    if (round % 8 == 0) t->faults += slm_zone_reclaim(t->f.zone, SIZE_MAX, SIZE_MAX, NULL) != SLM_OK;
    size_t out = pages_out(t), most = t->most_out;
    while (out > most && !atomic_compare_exchange_weak(&t->most_out, &most, out)) continue;
  }
  for (size_t i = 0; i < 64; i++) t->faults += slm_zone_deallocate(t->f.zone, objects[i]) != SLM_OK;
  t->running--;
  return NULL;
}

static void run(team *t, void *(*body)(void *), void (*beside)(team *)) {
  pthread_t threads[WORKERS];
  t->running = WORKERS;
  for (size_t i = 0; i < WORKERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, body, t), 0);
  if (beside != NULL) beside(t);
  for (size_t i = 0; i < WORKERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  assert_int_equal(t->faults, 0);
}

static void all_threads_together_keep_the_limit(void **state) {
  (void)state;
  static team t;
  memset(&t, 0, sizeof t);
  open_pull(&t.f, 4096);
  t.f.provider.careless = true;
  assert_ok(slm_zone_set_limits(t.f.zone, LIMIT_PAGES / 2 * 4096, LIMIT_PAGES * 4096));
  assert_ok(slm_zone_set_soft_limit_handler(t.f.zone, on_soft_limit, &t));
  run(&t, fill_to_the_limit, NULL);
  assert_true(t.refused > 0);
  assert_true(t.soft_calls > 0);
  assert_true(t.most_out <= LIMIT_PAGES);
  assert_int_equal(statistics(&t.f).bytes_held, pages_out(&t) * 4096);
  assert_true(statistics(&t.f).bytes_peak <= LIMIT_PAGES * 4096);
  close_fixture(&t.f);
}

static void *work(void *argument) {
  team *t = argument;
  void *objects[200] = {NULL};
  uint64_t random = (uintptr_t)objects;
  for (size_t round = 0; round < 2 * ROUNDS; round++) {
    size_t i = random_below(&random, 200);
    t->faults += slm_zone_deallocate(t->f.zone, objects[i]) != SLM_OK;
    objects[i] = slm_zone_allocate(t->f.zone, 1 + random_below(&random, 3000));
    t->faults += objects[i] == NULL;
    if (round % 512 == 0) t->faults += slm_zone_reclaim(t->f.zone, SIZE_MAX, SIZE_MAX, NULL) != SLM_OK;
  }
  for (size_t i = 0; i < 200; i++) t->faults += slm_zone_deallocate(t->f.zone, objects[i]) != SLM_OK;
  t->running--;
  return NULL;
}

static bool note(void *context, void *object, size_t size, size_t class_index) {
  team *t = context;
  t->faults += size == 0 || class_index > 100;
  for (size_t i = 0; i < OLD; i++) t->visits[i] += t->old[i] == object;
  return true;
}

static void walk_on(team *t) {
  do {
    memset(t->visits, 0, sizeof t->visits);
    assert_ok(slm_zone_for_each(t->f.zone, note, t));
    for (size_t i = 0; i < OLD; i++) assert_int_equal(t->visits[i], 1);
  } while (t->running > 0);
}

static void a_walk_sees_what_stays(void **state) {
  (void)state;
  static team t;
  memset(&t, 0, sizeof t);
  open_pull(&t.f, 4096);
  t.f.provider.careless = true;
  for (size_t i = 0; i < OLD; i++) assert_non_null(t.old[i] = slm_zone_allocate(t.f.zone, 1 + i * 7 % 2000));
  run(&t, work, walk_on);
  close_with_live(&t.f, OLD);
}

static slm_status construct(void *context, void *object, size_t size) {
  team *t = context;
  *(uintptr_t *)object = (uintptr_t)object;
  t->faults += size < 700;
  t->constructed++;
  return SLM_OK;
}

static void destroy(void *context, void *object, size_t size) {
  team *t = context;
  t->faults += size < 700 || *(uintptr_t *)object != (uintptr_t)object;
  t->destroyed++;
}

static void *use_cache(void *argument) {
  team *t = argument;
  uintptr_t *objects[40] = {NULL};
  uint64_t random = (uintptr_t)objects;
  for (size_t round = 0; round < ROUNDS; round++) {
    size_t i = random_below(&random, 40);
    t->faults += slm_cache_deallocate(t->cache, objects[i]) != SLM_OK;
    objects[i] = slm_cache_allocate(t->cache);
    t->faults += objects[i] == NULL || *objects[i] != (uintptr_t)objects[i];
    if (round % 64 == 0) t->faults += slm_cache_reclaim(t->cache, SIZE_MAX, SIZE_MAX, NULL) != SLM_OK;
  }
  for (size_t i = 0; i < 40; i++) t->faults += slm_cache_deallocate(t->cache, objects[i]) != SLM_OK;
  return NULL;
}

static void objects_are_constructed_once(void **state) {
  (void)state;
  static team t;
  memset(&t, 0, sizeof t);
  test_provider_open(&t.f.provider, 4096);
  t.f.provider.careless = true;
  slm_options options = SUITE_OPTIONS(test_provider_both(&t.f.provider));
  t.cache = slm_cache_init(&t.storage, sizeof t.storage, 8, 700, &options, NULL);
  slm_constructor constructor = {sizeof constructor, 0, &t, construct, destroy};
  assert_ok(slm_cache_set_constructor(t.cache, &constructor));
  run(&t, use_cache, NULL);
  assert_ok(slm_cache_destroy(t.cache, NULL));
  assert_true(t.constructed > 0);
  assert_int_equal(t.constructed, t.destroyed);
  test_provider_close(&t.f.provider);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_threads_together_keep_the_limit),
      cmocka_unit_test(a_walk_sees_what_stays),
      cmocka_unit_test(objects_are_constructed_once),
  };
  return RUN_SUITE("limits and walks of threads", tests);
}
