/* Providers that fail, give wrong pages or call back: the zone says so and nothing is lost. */
#include "support/family.h"

/** Tries an allocation that needs a page. */
static slm_status try_allocate(fixture *f, size_t size, void **out) {
  *out = f;
  slm_status status = Z(allocate_with)(f->zone, 8, size, 0, out);
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
    char *memory = test_provider_take_stray(&f.provider, 4096), *large = test_provider_take_stray(&f.provider, SLM_LARGE_PAGE_SIZE);
    f.provider.next_page = memory + offsets[i];
    assert_status(SLM_ERR_BAD_PAGE, try_allocate(&f, 64, &object));
    assert_null(f.provider.odd_page); /* it came back */
    f.provider.next_page = large + 65536;
    assert_status(SLM_ERR_BAD_PAGE, try_allocate(&f, 50000, &object));
    assert_null(f.provider.odd_page);
    f.provider.next_page = memory + offsets[i];
    assert_null(Z(allocate)(f.zone, 64));
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
  char *live = Z(allocate)(f.zone, 64), *large = Z(allocate)(f.zone, 50000);
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
  while (Z(allocate)(f.zone, 50000) != large_page && f.provider.next_page != NULL) {} /* fills it until a page is needed */
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
  char *live = Z(allocate)(other.zone, 64);
  pattern_fill(live, 64, 1);
  f.provider.next_page = (void *)((uintptr_t)live & ~(uintptr_t)4095);
  assert_status(SLM_ERR_PAGE_OWNED, try_allocate(&f, 64, &object));
  assert_true(pattern_holds(live, 64, 1));
  assert_ok(Z(deallocate)(other.zone, live));
  still_works(&other);
  still_works(&f);
  close_fixture(&other);
  close_fixture(&f);
}

/** What a provider that calls back does, and what came of it. */
typedef struct callback {
  fixture f;
  void *object;  /* live before, 64 bytes; freed by the callback */
  void *served;  /* allocated by the callback */
  slm_status refused;
  bool ran;
} callback;

static void use_zone_from_provider(void *context) {
  callback *c = context;
  zone_type *zone = c->f.zone;
  void *needs_page = zone;
  c->ran = true;
  c->served = Z(allocate)(zone, 64); /* a slot is free */
  c->refused = Z(allocate_with)(zone, 8, 3000, 0, &needs_page); /* none is */
  if (c->refused == SLM_OK) (void)Z(deallocate)(zone, needs_page);
  else assert_null(needs_page);
  assert_true(pattern_holds(c->object, 64, 1));
  assert_ok(Z(deallocate)(zone, c->object));
  assert_true(Z(owns)(zone, c->object));
  slm_statistics all = {.struct_size = sizeof all};
  assert_ok(Z(statistics)(zone, &all));
}

static void open_callback(callback *c) {
  memset(c, 0, sizeof *c);
  open_pull(&c->f, 4096);
  assert_non_null(c->object = Z(allocate)(c->f.zone, 64));
  pattern_fill(c->object, 64, 1);
  c->f.provider.hook_context = c;
}

static void calling_back_from_allocate_page(void **state) {
  (void)state;
  callback c;
  void *object;
  open_callback(&c);
  c.f.provider.on_allocate = use_zone_from_provider;
  assert_ok(try_allocate(&c.f, 600, &object)); /* the outer call gets its page */
  assert_true(c.ran);
  assert_non_null(c.served);
  assert_ptr_not_equal(c.served, object);
  assert_status(SLM_ERR_REENTRANT, c.refused);
  assert_int_equal(slots_live(&c.f), 2);
  still_works(&c.f); /* large pages included, which was refused within */
  close_with_live(&c.f, 2);
}

/** From within allocate_page: the very allocation that is under way, and all that may release or need pages. */
static void ask_for_the_same_and_reclaim(void *context) {
  callback *c = context;
  zone_type *zone = c->f.zone;
  void *objects[3] = {NULL, NULL, NULL};
  c->ran = true;
  c->refused = Z(allocate_with)(zone, 8, 600, 0, &objects[0]);
  assert_int_equal(Z(allocate_batch)(zone, 600, 3, objects), 0);
  assert_null(Z(allocate)(zone, 600));
  assert_null(Z(allocate_zeroed)(zone, 600));
  assert_null(Z(allocate_aligned)(zone, 8, 600));
  assert_null(Z(reallocate)(zone, c->object, 600));
  assert_ok(Z(reclaim)(zone, SIZE_MAX, SIZE_MAX, NULL));
}

static void calling_back_for_the_same_class(void **state) {
  (void)state;
  callback c;
  void *object;
  open_callback(&c);
  c.f.provider.on_allocate = ask_for_the_same_and_reclaim;
  assert_ok(try_allocate(&c.f, 600, &object));
  assert_true(c.ran);
  assert_status(SLM_ERR_REENTRANT, c.refused);
  assert_true(pattern_holds(c.object, 64, 1));
  assert_int_equal(slots_live(&c.f), 2);
  still_works(&c.f);
  close_with_live(&c.f, 2);
}

/** From within allocate_page: pushes a page of the class that is waiting for one. */
static void refill_from_provider(void *context) {
  callback *c = context;
  c->ran = true;
  void *page = test_provider_take(&c->f.provider, 4096);
  c->refused = Z(refill)(c->f.zone, 8, 600, page, 4096);
}

static void refilling_from_allocate_page(void **state) {
  (void)state;
  callback c;
  void *object;
  open_callback(&c);
  c.f.provider.on_allocate = refill_from_provider;
  assert_ok(try_allocate(&c.f, 600, &object));
  assert_true(c.ran);
  assert_ok(c.refused);
  check_books(&c.f);
  still_works(&c.f);
  close_with_live(&c.f, 2);
}

static void calling_back_from_release_page(void **state) {
  (void)state;
  callback c;
  void *objects[40];
  open_callback(&c);
  assert_int_equal(Z(allocate_batch)(c.f.zone, 1024, 40, objects), 40);
  assert_ok(Z(deallocate_batch)(c.f.zone, objects, 40, NULL));
  c.f.provider.on_release = use_zone_from_provider;
  assert_ok(Z(reclaim)(c.f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_true(c.ran);
  assert_non_null(c.served);
  assert_true(c.refused == SLM_OK || c.refused == SLM_ERR_REENTRANT);
  assert_int_equal(slots_live(&c.f), 1);
  still_works(&c.f);
  close_with_live(&c.f, 1);
}

/** From within release_page: reclaims too, so that two reclaims run at once. */
static void reclaim_from_provider(void *context) {
  callback *c = context;
  c->ran = true;
  assert_ok(Z(reclaim)(c->f.zone, 3, 3, NULL));
}

static void reclaiming_from_release_page(void **state) {
  (void)state;
  callback c;
  void *objects[40];
  open_callback(&c);
  assert_int_equal(Z(allocate_batch)(c.f.zone, 1024, 40, objects), 40);
  assert_ok(Z(deallocate_batch)(c.f.zone, objects, 40, NULL));
  c.f.provider.on_release = reclaim_from_provider;
  assert_ok(Z(reclaim)(c.f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_true(c.ran);
  assert_int_equal(test_provider_out(&c.f.provider, BASE), 1);
  assert_true(pattern_holds(c.object, 64, 1));
  still_works(&c.f);
  close_with_live(&c.f, 1);
}

/** From within release_page of destroy: the zone has ended. */
static void use_an_ending_zone(void *context) {
  callback *c = context;
  c->ran = true;
  c->served = Z(allocate)(c->f.zone, 64);
  c->refused = Z(deallocate)(c->f.zone, c->object);
}

static void calling_back_from_destroy(void **state) {
  (void)state;
  callback c;
  open_callback(&c);
  c.f.provider.on_release = use_an_ending_zone;
  close_with_live(&c.f, 1);
  assert_true(c.ran);
  assert_null(c.served);
  assert_status(SLM_ERR_NOT_INITIALIZED, c.refused);
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
    size_t size = table ? 2048 : i % 50 == 0 ? 60000 : 1 + i * 5 % 2048;
    void *object = NULL;
    switch (table ? 0 : i % 4) {
      case 0: object = Z(allocate)(f.zone, size); break;
      case 1: object = Z(allocate_aligned)(f.zone, 256, size); break;
      case 2: (void)Z(allocate_batch)(f.zone, size, 1, &object); break;
      default: object = Z(reallocate)(f.zone, NULL, size / 2 + 1);
    }
    if (object != NULL && i % 4 == 3 && !table) {
      void *grown = Z(reallocate)(f.zone, object, size);
      if (grown == NULL) size = size / 2 + 1; /* as it was */
      else object = grown;
    }
    if (object != NULL) {
      pattern_fill(object, size, i);
      live++;
    }
    objects[i] = object;
    sizes[i] = size;
    if (i % 100 == 99) assert_ok(Z(reclaim)(f.zone, SIZE_MAX, SIZE_MAX, NULL));
    if (i % 3 == 2 && objects[i / 3] != NULL) {
      assert_true(pattern_holds(objects[i / 3], sizes[i / 3], i / 3));
      assert_ok(Z(deallocate)(f.zone, objects[i / 3]));
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
    cmocka_unit_test(calling_back_from_allocate_page),
    cmocka_unit_test(calling_back_for_the_same_class),
    cmocka_unit_test(refilling_from_allocate_page),
    cmocka_unit_test(calling_back_from_release_page),
    cmocka_unit_test(reclaiming_from_release_page),
    cmocka_unit_test(calling_back_from_destroy),
    cmocka_unit_test(every_call_of_the_provider_fails_in_turn),
  };
  return RUN_SUITE("provider faults", tests);
}
