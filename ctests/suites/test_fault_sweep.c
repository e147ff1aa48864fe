/* A program that calls every function of a zone, again and again; each time another call of the provider goes wrong, or
 * some at random. What fails says so, nothing is lost, and what was served stays as it is. */
#include "../support/family.h"

enum { OBJECTS = 600 };

typedef struct object {
  unsigned char *memory;
  size_t size, alignment;
} object;

typedef struct sweep {
  fixture f;
  object objects[OBJECTS];
  size_t live, failures, calls; /* calls: of the provider, before still_works() */
} sweep;

static size_t size_of(size_t i) { return i % 40 == 0 ? 60000 : i % 13 == 0 ? 3000 : 1 + i * 7 % 2048; }

/** A failure is right only if a page was refused, or a wrong one given, meanwhile. */
static void served_or_excused(sweep *s, size_t i, void *memory, size_t alignment, size_t size, size_t faults) {
  if (memory == NULL) {
    assert_true(s->f.provider.faults > faults);
    s->failures++;
    return;
  }
  assert_aligned(memory, alignment ? alignment : size <= 8 ? 8 : 16);
  pattern_fill_ends(memory, size, i);
  s->objects[i] = (object){memory, size, alignment};
  s->live++;
}

static slm_status refusal(const sweep *s) {
  static const slm_status statuses[] = {SLM_ERR_OUT_OF_MEMORY, SLM_ERR_BAD_PAGE, SLM_ERR_PAGE_OWNED};
  return statuses[s->f.provider.fault];
}

static void allocate(sweep *s, size_t i) {
  slm_zone *zone = s->f.zone;
  size_t size = size_of(i), faults = s->f.provider.faults, alignment = 0;
  void *memory = NULL, *batch[4] = {NULL};
  switch (i % 7) {
  case 0:
    memory = slm_zone_allocate(zone, size);
    break;
  case 1:
    memory = slm_zone_allocate_zeroed(zone, size);
    if (memory != NULL) assert_true(bytes_are(memory, size, 0));
    break;
  case 2:
    memory = slm_zone_allocate_aligned(zone, alignment = (size_t)16 << i % 9, size);
    break;
  case 3: {
    slm_status status = slm_zone_allocate_with(zone, alignment = 64, size, SLM_ZEROED, &memory);
    assert_true(status == SLM_OK || status == refusal(s) || status == SLM_ERR_OUT_OF_MEMORY);
    assert_true((status == SLM_OK) == (memory != NULL));
    break;
  }
  case 4: {
    size_t got = slm_zone_allocate_batch(zone, size, COUNT_OF(batch), batch), done = 0;
    assert_true(got == COUNT_OF(batch) || s->f.provider.faults > faults);
    memory = batch[0];
    assert_status(SLM_OK, slm_zone_deallocate_batch(zone, batch + 1, got > 0 ? got - 1 : 0, &done));
    assert_int_equal(done, got > 0 ? got - 1 : 0);
    break;
  }
  case 5:
    memory = slm_zone_reallocate(zone, NULL, size);
    break;
  default: { /* grows while a page may be refused: then it stays as it was */
    unsigned char *first = slm_zone_allocate(zone, size / 2 + 1);
    if (first == NULL) break;
    pattern_fill_ends(first, size / 2 + 1, i);
    faults = s->f.provider.faults;
    memory = i % 2 ? slm_zone_reallocate(zone, first, size) : slm_zone_reallocate_aligned(zone, first, 16, size);
    if (memory == NULL) {
      assert_true(s->f.provider.faults > faults);
      assert_true(pattern_ends_hold(first, size / 2 + 1, i));
      assert_ok(slm_zone_deallocate(zone, first));
    }
  }
  }
  served_or_excused(s, i, memory, alignment, size, faults);
}

static void deallocate(sweep *s, size_t i) {
  object *o = &s->objects[i];
  if (o->memory == NULL) return;
  assert_true(pattern_ends_hold(o->memory, o->size, i));
  assert_true(slm_zone_owns(s->f.zone, o->memory) && slm_zone_usable_size(s->f.zone, o->memory) >= o->size);
  assert_ok(slm_zone_resize(s->f.zone, o->memory, o->size));
  if (o->alignment) assert_ok(slm_zone_deallocate_aligned_sized(s->f.zone, o->memory, o->alignment, o->size));
  else assert_ok(slm_zone_deallocate_sized(s->f.zone, o->memory, o->size));
  o->memory = NULL;
  s->live--;
}

/** The program, from a new zone to its end. */
static void run(sweep *s, enum page_fault fault, size_t fail_at, size_t fail_one_in, uint64_t seed) {
  memset(s, 0, sizeof *s);
  open_pull(&s->f, 4096);
  s->f.provider.fault = fault;
  s->f.provider.fail_at = fail_at;
  s->f.provider.fail_one_in = fail_one_in;
  s->f.provider.random = seed;
  s->f.provider.careless = true;
  for (size_t i = 0; i < OBJECTS; i++) {
    allocate(s, i);
    if (i % 3 == 2) deallocate(s, i / 3);
    if (i % 150 == 149) {
      assert_ok(slm_zone_reclaim(s->f.zone, 3, 1, NULL));
      void *page = slm_zone_reclaim_page(s->f.zone, 4096);
      if (page != NULL) assert_ok(slm_zone_refill(s->f.zone, 8, 500, page, 4096));
      check_books(&s->f);
    }
  }
  assert_int_equal(slots_live(&s->f), s->live);
  for (size_t i = 0; i < OBJECTS; i++) deallocate(s, i);
  assert_ok(slm_zone_reclaim(s->f.zone, SIZE_MAX, SIZE_MAX, NULL));
  s->calls = s->f.provider.calls;
  s->f.provider.fail_at = s->f.provider.fail_one_in = 0;
  still_works(&s->f);
  close_fixture(&s->f);
}

static void each_call_goes_wrong(enum page_fault fault) {
  static sweep s;
  run(&s, FAULT_NO_PAGE, 0, 0, 0);
  size_t calls = s.calls;
  assert_true(calls > 60);
  assert_int_equal(s.failures, 0);
  size_t failures = 0;
  for (size_t call = 1; call <= calls; call++) {
    run(&s, fault, call, 0, 0);
    assert_int_equal(s.f.provider.faults, 1);
    failures += s.failures;
  }
  assert_true(failures > 0); /* where nearly full slabs have a few slots, these serve when there is no page */
}

static void each_page_is_refused_in_turn(void **state) {
  (void)state;
  each_call_goes_wrong(FAULT_NO_PAGE);
}

static void each_page_is_misaligned_in_turn(void **state) {
  (void)state;
  each_call_goes_wrong(FAULT_MISALIGNED);
}

static void each_page_is_one_that_the_zone_has_in_turn(void **state) {
  (void)state;
  each_call_goes_wrong(FAULT_OWNED);
}

static void pages_go_wrong_at_random(void **state) {
  (void)state;
  static sweep s;
  uint64_t seed = suite_seed();
  for (size_t round = 0; round < 60; round++) {
    for (enum page_fault fault = 0; fault < PAGE_FAULTS; fault++) {
      run(&s, fault, 0, 2 + round % 8, seed + round);
      assert_true(s.f.provider.faults > 0);
    }
  }
}

/** A page that holds a copy of a slab, descriptor and all, is a page like others. */
static void pages_with_a_slabs_content(void **state) {
  (void)state;
  static sweep s;
  for (size_t round = 0; round < 2; round++) {
    memset(&s, 0, sizeof s);
    open_pull(&s.f, 4096 << 2 * round);
    s.f.provider.dirty = s.f.provider.careless = true;
    for (size_t i = 0; i < OBJECTS; i++) {
      allocate(&s, i);
      if (i % 3 == 2) deallocate(&s, i / 3);
    }
    assert_int_equal(s.failures, 0);
    check_books(&s.f);
    for (size_t i = 0; i < OBJECTS; i++) deallocate(&s, i);
    still_works(&s.f);
    close_fixture(&s.f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_page_is_refused_in_turn),
      cmocka_unit_test(each_page_is_misaligned_in_turn),
      cmocka_unit_test(each_page_is_one_that_the_zone_has_in_turn),
      cmocka_unit_test(pages_go_wrong_at_random),
      cmocka_unit_test(pages_with_a_slabs_content),
  };
  return RUN_SUITE("fault sweep", tests);
}
