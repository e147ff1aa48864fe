/* The lock of a zone for several threads is free while its provider runs: other threads use the zone meanwhile. */
#include "../support/family.h"

#include <errno.h>
#include <semaphore.h>

/** A provider call during which another thread must get on with the zone. */
typedef struct meeting {
  fixture f;
  sem_t begin, done;
  void *object;    /* 64 bytes, live */
  void *others[2]; /* allocated by the other thread */
  size_t faults;
  bool ran, timed_out;
} meeting;

static bool wait_a_while(sem_t *semaphore) {
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += 120;
  while (sem_timedwait(semaphore, &deadline) != 0)
    if (errno != EINTR) return false;
  return true;
}

static void let_the_other_thread_go_on(void *context) {
  meeting *m = context;
  m->ran = true;
  sem_post(&m->begin);
  m->timed_out = !wait_a_while(&m->done); /* then the zone was locked */
}

static void *go_on(void *argument) {
  meeting *m = argument;
  slm_zone *zone = m->f.zone;
  if (!wait_a_while(&m->begin)) return NULL;
  void *small = slm_zone_allocate(zone, 64); /* a slot is free */
  m->faults += small == NULL || slm_zone_deallocate(zone, small) != SLM_OK;
  m->faults += slm_zone_usable_size(zone, m->object) != 64 || !slm_zone_owns(zone, m->object);
  slm_statistics all = {.struct_size = sizeof all};
  m->faults += slm_zone_statistics(zone, &all) != SLM_OK;
  /* These need pages: it is another thread that is being given one, so this one is not calling back. */
  void *objects[2] = {NULL, NULL};
  m->faults += slm_zone_allocate_with(zone, 8, 2000, 0, &objects[0]) != SLM_OK;
  m->faults += slm_zone_allocate_with(zone, 8, 100000, 0, &objects[1]) != SLM_OK;
  m->faults += slm_zone_deallocate(zone, objects[0]) != SLM_OK || slm_zone_deallocate(zone, objects[1]) != SLM_OK;
  m->faults += slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL) != SLM_OK;
  sem_post(&m->done);
  return NULL;
}

static void the_lock_is_free_while_the_provider_runs(void **state) {
  (void)state;
  for (int release = 0; release < 2; release++) {
    meeting m;
    pthread_t other;
    memset(&m, 0, sizeof m);
    open_pull(&m.f, 4096);
    sem_init(&m.begin, 0, 0);
    sem_init(&m.done, 0, 0);
    assert_non_null(m.object = slm_zone_allocate(m.f.zone, 64));
    void *big = slm_zone_allocate(m.f.zone, 1500);
    assert_ok(slm_zone_deallocate(m.f.zone, big));
    m.f.provider.hook_context = &m;
    if (release) m.f.provider.on_release = let_the_other_thread_go_on;
    assert_int_equal(pthread_create(&other, NULL, go_on, &m), 0);
    if (release) {
      assert_ok(slm_zone_reclaim(m.f.zone, SIZE_MAX, SIZE_MAX, NULL));
    } else {
      m.f.provider.on_allocate = let_the_other_thread_go_on;
      big = slm_zone_allocate(m.f.zone, 60000);
      assert_non_null(big);
      assert_ok(slm_zone_deallocate(m.f.zone, big));
    }
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_true(m.ran);
    assert_false(m.timed_out);
    assert_int_equal(m.faults, 0);
    sem_destroy(&m.begin);
    sem_destroy(&m.done);
    still_works(&m.f);
    close_with_live(&m.f, 1);
  }
}

/** While one thread is given a page for the zone's table, another lets the zone grow past that. */
static void *grow_meanwhile(void *argument) {
  meeting *m = argument;
  if (!wait_a_while(&m->begin)) return NULL;
  for (size_t i = 0; i < 300; i++) m->faults += slm_zone_allocate(m->f.zone, 2048) == NULL;
  sem_post(&m->done);
  return NULL;
}

static void two_threads_grow_the_zone_at_once(void **state) {
  (void)state;
  enum { PAGES = 100 };
  for (size_t call = 1; call < PAGES; call++) {
    meeting m;
    pthread_t other;
    memset(&m, 0, sizeof m);
    open_pull(&m.f, 4096);
    sem_init(&m.begin, 0, 0);
    sem_init(&m.done, 0, 0);
    m.f.provider.careless = true;
    m.f.provider.hook_context = &m;
    m.f.provider.hook_at = call;
    m.f.provider.on_allocate = let_the_other_thread_go_on;
    assert_int_equal(pthread_create(&other, NULL, grow_meanwhile, &m), 0);
    for (size_t i = 0; i < PAGES; i++) assert_non_null(slm_zone_allocate(m.f.zone, 2048));
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_true(m.ran);
    assert_false(m.timed_out);
    assert_int_equal(m.faults, 0);
    sem_destroy(&m.begin);
    sem_destroy(&m.done);
    close_with_live(&m.f, PAGES + 300);
  }
}

/** While one thread is given a page, another gets one too, for the same class, and allocates from it. */
static void *allocate_meanwhile(void *argument) {
  meeting *m = argument;
  if (!wait_a_while(&m->begin)) return NULL;
  for (size_t i = 0; i < COUNT_OF(m->others); i++)
    m->faults += (m->others[i] = slm_zone_allocate(m->f.zone, 64)) == NULL;
  sem_post(&m->done);
  return NULL;
}

/** Freeing what the other thread allocated last frees that, not what this one allocated after it. */
static void the_latest_allocation_of_two_threads(void **state) {
  (void)state;
  meeting m;
  pthread_t other;
  void *later[100];
  memset(&m, 0, sizeof m);
  open_pull(&m.f, 4096);
  sem_init(&m.begin, 0, 0);
  sem_init(&m.done, 0, 0);
  m.f.provider.hook_context = &m;
  m.f.provider.on_allocate = let_the_other_thread_go_on;
  assert_int_equal(pthread_create(&other, NULL, allocate_meanwhile, &m), 0);
  m.object = slm_zone_allocate(m.f.zone, 64);
  assert_int_equal(pthread_join(other, NULL), 0);
  assert_true(m.ran);
  assert_false(m.timed_out);
  assert_int_equal(m.faults, 0);
  assert_non_null(m.object);
  pattern_fill(m.object, 64, 1);
  assert_ok(slm_zone_deallocate(m.f.zone, m.others[1]));
  assert_int_equal(slots_live(&m.f), 2);
  assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(m.f.zone, m.others[1]));
  for (size_t i = 0; i < COUNT_OF(later); i++) {
    assert_non_null(later[i] = slm_zone_allocate(m.f.zone, 64));
    assert_ptr_not_equal(later[i], m.object);
    assert_ptr_not_equal(later[i], m.others[0]);
    memset(later[i], 0, 64);
  }
  assert_disjoint(later, COUNT_OF(later), 64);
  assert_true(pattern_holds(m.object, 64, 1));
  sem_destroy(&m.begin);
  sem_destroy(&m.done);
  close_with_live(&m.f, 2 + COUNT_OF(later));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_lock_is_free_while_the_provider_runs),
      cmocka_unit_test(two_threads_grow_the_zone_at_once),
      cmocka_unit_test(the_latest_allocation_of_two_threads),
  };
  return RUN_SUITE("lock", tests);
}
