/* Two threads free one object at the same time. Whoever comes second is always told; it never passes in silence. */
#include "../support/preload.h"
#include "../support/report.h"

/** Who allocates the object, and who frees it. */
typedef struct race {
  size_t size;
  bool owner_frees; /* the thread that allocated is one of the two, or neither is */
  size_t round;
  _Atomic(void *) object;
  atomic_int ready;
} race;

/** Starts both within a few instructions of each other; which one has the start differs from round to round. */
static void meet(race *r, bool second) {
  r->ready++;
  while (r->ready < 2) {
  }
  for (volatile size_t i = second ? r->round % 64 : 0; i > 0; i--) {
  }
}

static void *free_it(void *argument) {
  race *r = argument;
  meet(r, true);
  free(r->object);
  return NULL;
}

/** Returns only if both frees went through. */
static int run_race(void *argument) {
  race *r = argument;
  void *neighbours[20];
  for (size_t i = 0; i < COUNT_OF(neighbours); i++) {
    neighbours[i] = opaque(malloc(r->size));
    if (i == 10) r->object = opaque(malloc(r->size));
  }
  for (size_t i = 0; i < COUNT_OF(neighbours); i += 3) free(neighbours[i]);
  char text[32];
  int length = snprintf(text, sizeof text, "%p", r->object);
  if (write(1, text, (size_t)length) != length) return 3;
  pthread_t threads[2];
  size_t started = r->owner_frees ? 1 : 2;
  for (size_t i = 0; i < started; i++)
    if (pthread_create(&threads[i], NULL, free_it, r) != 0) return 2;
  if (r->owner_frees) {
    meet(r, false);
    free(r->object);
  }
  for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
  ordinary_calls();
  return 0;
}

/** Where the owner frees without a lock it is the count of the slab that gives the race away: which slot it was can't
 * be told then, and the report names another address of the slab. In a hardened heap the owner's free is as exact as
 * the others'. */
static bool reported(const child *c, uintptr_t object, bool owner_frees) {
  static const char start[] = "slabmalloc: double free of 0x";
  if (child_reported(c, (const char *const[]){DOUBLE_FREE, NULL}, (void *)object)) return true;
  uintptr_t named = strncmp(c->err, start, strlen(start)) == 0 ? strtoull(c->err + strlen(start) - 2, NULL, 16) : 0;
  return owner_frees && child_reported(c, (const char *const[]){DOUBLE_FREE, NULL}, (void *)named) && named < object &&
         object - named < 2 * MIB;
}

static void race_many_times(size_t size, bool owner_frees) {
  for (size_t round = 0; round < 120; round++) {
    race r = {.size = size, .owner_frees = owner_frees, .round = round};
    child c;
    child_call(&c, run_race, &r);
    uintptr_t object = strtoull(c.out, NULL, 16);
    if (!reported(&c, object, owner_frees && !is_hardened())) fail_child(&c, "two frees", (void *)object);
  }
}

#define RACE(name, size, owner_frees)                                                                                  \
  static void name(void **state) {                                                                                     \
    (void)state;                                                                                                       \
    race_many_times(size, owner_frees);                                                                                \
  }
RACE(the_owner_and_another_thread, 64, true)
RACE(two_other_threads, 64, false)
RACE(the_owner_and_another_thread_for_a_medium_object, 20000, true)
RACE(two_other_threads_for_a_medium_object, 20000, false)
RACE(the_owner_and_another_thread_for_a_large_object, 500000, true)
RACE(two_other_threads_for_a_large_object, 500000, false)

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(the_owner_and_another_thread),
      cmocka_unit_test(two_other_threads),
      cmocka_unit_test(the_owner_and_another_thread_for_a_medium_object),
      cmocka_unit_test(two_other_threads_for_a_medium_object),
      cmocka_unit_test(the_owner_and_another_thread_for_a_large_object),
      cmocka_unit_test(two_other_threads_for_a_large_object),
  };
  return cmocka_run_group_tests_name("preload race of two frees", tests, NULL, NULL);
}
