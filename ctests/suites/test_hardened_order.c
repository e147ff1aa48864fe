/* Which slot of a hardened zone is next can't be foreseen. */
#include "../support/hardened.h"

/** The order in which a fresh page is handed out. */
static void order_of(size_t *order, size_t slots) {
  fixture f;
  open_push(&f, 4096);
  unsigned char *page = refill(&f, 8, 56);
  for (size_t i = 0; i < slots; i++) order[i] = (size_t)((unsigned char *)slm_zone_allocate(f.zone, 56) - page) / 64;
  assert_null(slm_zone_allocate(f.zone, 56));
  close_with_live(&f, slots);
}

static void the_order_of_slots_is_random(void **state) {
  (void)state;
  enum { SLOTS = 62, ROUNDS = 50 };
  size_t first[SLOTS], next[SLOTS], same = 0, neighbours = 0;
  order_of(first, SLOTS);
  for (size_t round = 0; round < ROUNDS; round++) {
    order_of(next, SLOTS);
    for (size_t i = 0; i < SLOTS; i++) {
      same += next[i] == first[i];
      neighbours += i > 0 && next[i] == next[i - 1] + 1;
    }
  }
  /* About one in 62 are in the same place. Neighbours are some more, as the slot behind a used one is taken for it,
   * too: one in 32. */
  assert_true(same < SLOTS * ROUNDS / 20);
  assert_true(neighbours < SLOTS * ROUNDS / 10);
}

static void the_last_freed_is_not_the_next(void **state) {
  (void)state;
  enum { LIVE = 20, WAIT = 16 };
  uint64_t random = suite_seed();
  fixture f;
  void *live[LIVE], *freed[WAIT] = {NULL};
  open_push(&f, 4096);
  refill(&f, 8, 56);
  for (size_t i = 0; i < LIVE; i++) assert_non_null(live[i] = slm_zone_allocate(f.zone, 56));
  for (size_t step = 0; step < 1000; step++) {
    size_t i = random_below(&random, LIVE);
    assert_ok(slm_zone_deallocate(f.zone, live[i]));
    freed[step % WAIT] = live[i];
    assert_non_null(live[i] = slm_zone_allocate(f.zone, 56));
    /* A slot waits for 16 other frees at least. */
    for (size_t j = 0; j < WAIT; j++) assert_ptr_not_equal(live[i], freed[j]);
  }
  close_with_live(&f, LIVE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_order_of_slots_is_random),
      cmocka_unit_test(the_last_freed_is_not_the_next),
  };
  return RUN_SUITE("order of slots", tests);
}
