/* Providers that fail or give wrong pages: the zone says so and nothing is lost. */
#include "../support/family.h"

/** Tries an allocation that needs a page. */
static slm_status try_allocate(fixture *f, size_t size, void **out) {
  *out = f;
  slm_status status = slm_zone_allocate_with(f->zone, 8, size, 0, out);
  if (status != SLM_OK) assert_null(*out);
  return status;
}

static void a_misaligned_page_goes_back(void **state) {
  (void)state;
  static const size_t offsets[] = {1, 8, 512, 2048};
  for (size_t i = 0; i < COUNT_OF(offsets); i++) {
    fixture f;
    void *object;
    open_pull(&f, 4096);
    char *memory = test_provider_take_stray(&f.provider, 4096),
         *large = test_provider_take_stray(&f.provider, SLM_LARGE_PAGE_SIZE);
    f.provider.next_page = memory + offsets[i];
    assert_status(SLM_ERR_BAD_PAGE, try_allocate(&f, 64, &object));
    assert_null(f.provider.odd_page); /* it came back */
    f.provider.next_page = large + 65536;
    assert_status(SLM_ERR_BAD_PAGE, try_allocate(&f, 50000, &object));
    assert_null(f.provider.odd_page);
    f.provider.next_page = memory + offsets[i];
    assert_null(slm_zone_allocate(f.zone, 64));
    assert_true(bytes_are(memory, 4096, PAGE_FRESH) && bytes_are(large, SLM_LARGE_PAGE_SIZE, PAGE_FRESH));
    assert_int_equal(slots_live(&f), 0);
    still_works(&f);
    test_provider_give_back_stray(&f.provider, memory, 4096);
    test_provider_give_back_stray(&f.provider, large, SLM_LARGE_PAGE_SIZE);
    close_fixture(&f);
  }
}

static void a_page_the_zone_has_already_is_left_alone(void **state) {
  (void)state;
  fixture f;
  void *object;
  open_pull(&f, 4096);
  char *live = slm_zone_allocate(f.zone, 64), *large = slm_zone_allocate(f.zone, 50000);
  pattern_fill(live, 64, 1);
  pattern_fill(large, 50000, 2);
  size_t given_back[2] = {f.provider.given_back[BASE], f.provider.given_back[LARGE]};
  void *page = (void *)((uintptr_t)live & ~(uintptr_t)4095);
  char *large_page = (char *)((uintptr_t)large & ~(SLM_LARGE_PAGE_SIZE - 1));
  void *owned[] = {page, large_page, large_page + 4096, large_page + SLM_LARGE_PAGE_SIZE - 4096};
  for (size_t i = 0; i < COUNT_OF(owned); i++) { /* as a page, or as a part of one */
    f.provider.next_page = owned[i];
    assert_status(SLM_ERR_PAGE_OWNED, try_allocate(&f, 512, &object));
  }
  f.provider.next_page = large_page;
  while (slm_zone_allocate(f.zone, 50000) != large && f.provider.next_page != NULL) {
  } /* fills it until a page is needed */
  assert_null(f.provider.next_page);
  /* The refused pages were not released, and what is in them is as it was. */
  assert_int_equal(f.provider.given_back[BASE], given_back[BASE]);
  assert_int_equal(f.provider.given_back[LARGE], given_back[LARGE]);
  assert_true(pattern_holds(live, 64, 1) && pattern_holds(large, 50000, 2));
  still_works(&f);
  close_with_live(&f, (size_t)slots_live(&f));
}

static void a_page_of_another_zone_is_left_alone(void **state) {
  (void)state;
  fixture f, other;
  void *object;
  open_pull(&f, 4096);
  open_pull(&other, 4096);
  char *live = slm_zone_allocate(other.zone, 64);
  pattern_fill(live, 64, 1);
  f.provider.next_page = (void *)((uintptr_t)live & ~(uintptr_t)4095);
  assert_status(SLM_ERR_PAGE_OWNED, try_allocate(&f, 64, &object));
  assert_true(pattern_holds(live, 64, 1));
  assert_ok(slm_zone_deallocate(other.zone, live));
  still_works(&other);
  still_works(&f);
  close_fixture(&other);
  close_fixture(&f);
}

enum { SCRIPT_OBJECTS = 700 };

/** A run through all that may need a page. Returns the calls of the provider it took. */
static size_t script(size_t fail_at, bool table) {
  fixture f;
  void *objects[SCRIPT_OBJECTS] = {0};
  size_t sizes[SCRIPT_OBJECTS] = {0}, live = 0;
  open_pull(&f, 4096);
  f.provider.fail_at = fail_at;
  f.provider.careless = true;
  for (size_t i = 0; i < SCRIPT_OBJECTS; i++) {
    size_t size = table ? ONE_PER_PAGE : i % 50 == 0 ? 60000 : 1 + i * 5 % 2048;
    void *object = NULL;
    switch (table ? 0 : i % 4) {
    case 0:
      object = slm_zone_allocate(f.zone, size);
      break;
    case 1:
      object = slm_zone_allocate_aligned(f.zone, 256, size);
      break;
    case 2:
      if (slm_zone_allocate_batch(f.zone, size, 1, &object) == 0) object = NULL;
      break;
    default:
      object = slm_zone_reallocate(f.zone, NULL, size / 2 + 1);
    }
    if (object != NULL && i % 4 == 3 && !table) {
      void *grown = slm_zone_reallocate(f.zone, object, size);
      if (grown == NULL) size = size / 2 + 1; /* as it was */
      else object = grown;
    }
    if (object != NULL) {
      pattern_fill(object, size, i);
      live++;
    }
    objects[i] = object;
    sizes[i] = size;
    if (i % 100 == 99) assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
    if (i % 3 == 2 && objects[i / 3] != NULL) {
      assert_true(pattern_holds(objects[i / 3], sizes[i / 3], i / 3));
      assert_ok(slm_zone_deallocate(f.zone, objects[i / 3]));
      objects[i / 3] = NULL;
      live--;
    }
  }
  assert_int_equal(slots_live(&f), live);
  for (size_t i = 0; i < SCRIPT_OBJECTS; i++)
    if (objects[i] != NULL) assert_true(pattern_holds(objects[i], sizes[i], i));
  size_t calls = f.provider.calls;
  close_with_live(&f, live);
  return calls;
}

static void every_call_of_the_provider_fails_in_turn(void **state) {
  (void)state;
  for (int table = 0; table < 2; table++) {
    size_t calls = script(0, table);
    assert_true(calls > 64);
    for (size_t n = 1; n <= calls; n++) (void)script(n, table);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_misaligned_page_goes_back),
      cmocka_unit_test(a_page_the_zone_has_already_is_left_alone),
      cmocka_unit_test(a_page_of_another_zone_is_left_alone),
      cmocka_unit_test(every_call_of_the_provider_fails_in_turn),
  };
  return RUN_SUITE("provider faults", tests);
}
