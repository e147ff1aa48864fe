/* A zone for several threads, from several threads. Threads count what is wrong; only the test itself asserts. */
#include "../support/family.h"

#include <stdatomic.h>

enum { THREADS = 4, MAILBOXES = 256 };

typedef struct team {
  fixture f;
  _Atomic(void *) mail[MAILBOXES];
  atomic_size_t faults;
  uint64_t seed;
} team;

typedef struct member {
  team *team;
  uint64_t random;
  pthread_t thread;
} member;

static void run_team(team *t, void *(*body)(void *)) {
  member members[THREADS];
  for (size_t i = 0; i < THREADS; i++) {
    members[i] = (member){.team = t, .random = t->seed + i};
    assert_int_equal(pthread_create(&members[i].thread, NULL, body, &members[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(members[i].thread, NULL), 0);
  assert_int_equal(t->faults, 0);
}

/** An object says itself what it should hold: its size, then its pattern. */
static void *make_object(member *self) {
  size_t size = 16 + random_below(&self->random, random_below(&self->random, 64) == 0 ? 60000 : 1000);
  size_t *object = slm_zone_allocate(self->team->f.zone, size);
  if (object == NULL) {
    self->team->faults++;
    return NULL;
  }
  object[0] = size;
  pattern_fill(object + 1, size - 8, (uintptr_t)object);
  return object;
}

static bool object_holds(size_t *object) { return pattern_holds(object + 1, object[0] - 8, (uintptr_t)object); }

static void free_object(member *self, size_t *object) {
  if (object == NULL) return;
  self->team->faults += !object_holds(object);
  self->team->faults += slm_zone_deallocate_sized(self->team->f.zone, object, object[0]) != SLM_OK;
}

/** Puts its objects where any thread may take and free them. */
static void *exchange_objects(void *argument) {
  member *self = argument;
  team *t = self->team;
  for (size_t i = 0; i < 60000; i++) {
    void *object = make_object(self);
    free_object(self, atomic_exchange(&t->mail[random_below(&self->random, MAILBOXES)], object));
    if (i % 1000 == 0) t->faults += slm_zone_reclaim(t->f.zone, 4, 1, NULL) != SLM_OK;
    if (i % 97 == 0) {
      slm_statistics all = {.struct_size = sizeof all};
      t->faults += slm_zone_statistics(t->f.zone, &all) != SLM_OK;
#ifndef SUITE_PER_CPU /* which counts CPU by CPU while objects move from one to another */
      t->faults += all.slots_live > MAILBOXES + THREADS;
#endif
    }
  }
  return NULL;
}

static void objects_freed_by_other_threads(void **state) {
  (void)state;
  static team t;
  memset(&t, 0, sizeof t);
  t.seed = suite_seed();
  open_pull(&t.f, 16384);
  run_team(&t, exchange_objects);
  check_books(&t.f);
  member self = {.team = &t};
  for (size_t i = 0; i < MAILBOXES; i++) free_object(&self, t.mail[i]);
  assert_int_equal(t.faults, 0);
  still_works(&t.f);
  close_fixture(&t.f);
}

/** Keeps its objects to itself; uses every kind of call. */
static void *use_everything(void *argument) {
  member *self = argument;
  slm_zone *zone = self->team->f.zone;
  enum { KEPT = 100 };
  size_t *kept[KEPT] = {NULL};
  size_t faults = 0;
  for (size_t i = 0; i < 30000; i++) {
    size_t at = random_below(&self->random, KEPT);
    if (kept[at] == NULL) {
      kept[at] = make_object(self);
    } else if (i % 3 == 0) {
      size_t size = 16 + random_below(&self->random, 2000), before = kept[at][0];
      size_t *moved = slm_zone_reallocate(zone, kept[at], size);
      if (moved == NULL || !pattern_holds(moved + 1, (size < before ? size : before) - 8, (uintptr_t)kept[at])) {
        faults++;
        break;
      }
      moved[0] = size;
      pattern_fill(moved + 1, size - 8, (uintptr_t)moved);
      kept[at] = moved;
    } else {
      free_object(self, kept[at]);
      kept[at] = NULL;
    }
    if (i % 50 == 0) {
      void *batch[70];
      size_t got = slm_zone_allocate_batch(zone, 200, 70, batch), done = 0;
      for (size_t j = 0; j < got; j++) pattern_fill(batch[j], 200, (uintptr_t)batch[j]);
      for (size_t j = 0; j < got; j++) faults += !pattern_holds(batch[j], 200, (uintptr_t)batch[j]);
      faults += slm_zone_deallocate_batch(zone, batch, got, &done) != SLM_OK || done != got || got != 70;
      void *aligned = slm_zone_allocate_aligned(zone, 4096, 100), *zeroed = slm_zone_allocate_zeroed(zone, 300);
      faults += aligned == NULL || (uintptr_t)aligned % 4096 != 0 || zeroed == NULL || !bytes_are(zeroed, 300, 0);
      if (zeroed != NULL) memset(zeroed, 0xFF, 300);
      faults += slm_zone_usable_size(zone, zeroed) < 300 || !slm_zone_owns(zone, aligned) ||
                slm_zone_resize(zone, zeroed, 1) != SLM_OK;
      faults += slm_zone_deallocate(zone, aligned) != SLM_OK || slm_zone_deallocate(zone, zeroed) != SLM_OK;
    }
  }
  for (size_t i = 0; i < KEPT; i++) free_object(self, kept[i]);
  self->team->faults += faults;
  return NULL;
}

static void every_call_at_once(void **state) {
  (void)state;
  static team t;
  memset(&t, 0, sizeof t);
  t.seed = suite_seed();
  open_pull(&t.f, 4096);
  run_team(&t, use_everything);
  still_works(&t.f);
  close_fixture(&t.f);
}

/** All threads free the same objects: for each, one of them succeeds. */
static void *free_the_same(void *argument) {
  member *self = argument;
  size_t freed = 0;
  for (size_t i = 0; i < MAILBOXES; i++) {
    slm_status status = slm_zone_deallocate(self->team->f.zone, self->team->mail[i]);
    freed += status == SLM_OK;
    self->team->faults += status != SLM_OK && status != SLM_ERR_DOUBLE_FREE;
  }
  return (void *)freed;
}

static void of_racing_frees_one_wins(void **state) {
  (void)state;
  static team t;
  memset(&t, 0, sizeof t);
  open_pull(&t.f, 4096);
  for (size_t round = 0; round < 100; round++) {
    member members[THREADS];
    size_t freed = 0;
    for (size_t i = 0; i < MAILBOXES; i++) assert_non_null(t.mail[i] = slm_zone_allocate(t.f.zone, 48));
    for (size_t i = 0; i < THREADS; i++) {
      members[i].team = &t;
      assert_int_equal(pthread_create(&members[i].thread, NULL, free_the_same, &members[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
      void *count = NULL;
      assert_int_equal(pthread_join(members[i].thread, &count), 0);
      freed += (size_t)count;
    }
    assert_int_equal(freed, MAILBOXES);
    assert_int_equal(t.faults, 0);
    assert_int_equal(slots_live(&t.f), 0);
  }
  close_fixture(&t.f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(objects_freed_by_other_threads),
      cmocka_unit_test(every_call_at_once),
      cmocka_unit_test(of_racing_frees_one_wins),
  };
  return RUN_SUITE("threads", tests);
}
