/* Providers that call back into the allocator that called them: it serves what it can without another page. */
#include "../support/family.h"

/** What a provider that calls back does, and what came of it. */
typedef struct callback {
  fixture f;
  void *object; /* live before, 64 bytes; freed by the callback */
  void *served; /* allocated by the callback */
  slm_status refused;
  bool ran;
  size_t alignment, size; /* what the call under way asks for */
} callback;

static void use_zone_from_provider(void *context) {
  callback *c = context;
  slm_zone *zone = c->f.zone;
  void *needs_page = zone;
  c->ran = true;
  c->served = slm_zone_allocate(zone, 64);                            /* a slot is free */
  c->refused = slm_zone_allocate_with(zone, 8, 3000, 0, &needs_page); /* none is */
  if (c->refused == SLM_OK) (void)slm_zone_deallocate(zone, needs_page);
  else assert_null(needs_page);
  assert_true(pattern_holds(c->object, 64, 1));
  assert_ok(slm_zone_deallocate(zone, c->object));
  assert_true(slm_zone_owns(zone, c->object));
  slm_statistics all = {.struct_size = sizeof all};
  assert_ok(slm_zone_statistics(zone, &all));
}

static void open_callback(callback *c) {
  memset(c, 0, sizeof *c);
  open_pull(&c->f, 4096);
  assert_non_null(c->object = slm_zone_allocate(c->f.zone, 64));
  pattern_fill(c->object, 64, 1);
  c->f.provider.hook_context = c;
}

static void calling_back_from_allocate_page(void **state) {
  (void)state;
  callback c;
  void *object;
  open_callback(&c);
  c.f.provider.on_allocate = use_zone_from_provider;
  assert_ok(slm_zone_allocate_with(c.f.zone, 8, 600, 0, &object)); /* the outer call gets its page */
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
  slm_zone *zone = c->f.zone;
  void *objects[3] = {NULL, NULL, NULL};
  c->ran = true;
  c->refused = slm_zone_allocate_with(zone, 8, 600, 0, &objects[0]);
  assert_int_equal(slm_zone_allocate_batch(zone, 600, 3, objects), 0);
  assert_null(slm_zone_allocate(zone, 600));
  assert_null(slm_zone_allocate_zeroed(zone, 600));
  assert_null(slm_zone_allocate_aligned(zone, 8, 600));
  assert_null(slm_zone_reallocate(zone, c->object, 600));
  assert_ok(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL));
}

static void calling_back_for_the_same_class(void **state) {
  (void)state;
  callback c;
  void *object;
  open_callback(&c);
  c.f.provider.on_allocate = ask_for_the_same_and_reclaim;
  assert_ok(slm_zone_allocate_with(c.f.zone, 8, 600, 0, &object));
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
  c->refused = slm_zone_refill(c->f.zone, 8, 600, page, 4096);
}

static void refilling_from_allocate_page(void **state) {
  (void)state;
  callback c;
  void *object;
  open_callback(&c);
  c.f.provider.on_allocate = refill_from_provider;
  assert_ok(slm_zone_allocate_with(c.f.zone, 8, 600, 0, &object));
  assert_true(c.ran);
  assert_ok(c.refused);
  check_books(&c.f);
  still_works(&c.f);
  close_with_live(&c.f, 2);
}

/** From within allocate_page: a page for the layout that is asked for, and an object of that very page. */
static void refill_and_allocate(void *context) {
  callback *c = context;
  c->ran = true;
  refill(&c->f, c->alignment, c->size);
  c->served = slm_zone_allocate(c->f.zone, c->size);
}

/** Every way to allocate; the last moves the object that lived before. */
enum { WAYS_TO_ALLOCATE = 5, REALLOCATING = WAYS_TO_ALLOCATE - 1 };
static void *allocate_some_way(callback *c, int way) {
  void *out = NULL;
  switch (way) {
  case 0:
    return c->alignment <= 16 ? slm_zone_allocate(c->f.zone, c->size)
                              : slm_zone_allocate_aligned(c->f.zone, c->alignment, c->size);
  case 1:
    assert_ok(slm_zone_allocate_with(c->f.zone, c->alignment, c->size, SLM_ZEROED, &out));
    return out;
  case 2:
    if (c->alignment > 16) return slm_zone_allocate_aligned(c->f.zone, c->alignment, c->size);
    return slm_zone_allocate_zeroed(c->f.zone, c->size);
  case 3:
    if (c->alignment > 16) return slm_zone_reallocate_aligned(c->f.zone, NULL, c->alignment, c->size);
    assert_int_equal(slm_zone_allocate_batch(c->f.zone, c->size, 1, &out), 1);
    return out;
  default:
    return slm_zone_reallocate_aligned(c->f.zone, c->object, c->alignment, c->size);
  }
}

enum { WAYS_TO_FREE = 4 };
static slm_status free_some_way(callback *c, int way, void *object) {
  switch (way) {
  case 0:
    return slm_zone_deallocate(c->f.zone, object);
  case 1:
    return slm_zone_deallocate_sized(c->f.zone, object, c->size);
  case 2:
    return slm_zone_deallocate_aligned_sized(c->f.zone, object, 8, c->size);
  default:
    return slm_zone_deallocate_batch(c->f.zone, &object, 1, NULL);
  }
}

/** Freeing the callback's object frees that one, not the one that was allocated after it. */
static void freeing_what_the_callback_allocated(void **state) {
  (void)state;
  static const struct { size_t alignment, size; } layouts[] = {{8, 600}, {16, 2000}, {8, 40000}, {65536, 32768}};
  for (size_t i = 0; i < COUNT_OF(layouts); i++) {
    for (int ways = 0; ways < WAYS_TO_ALLOCATE * WAYS_TO_FREE; ways++) {
      callback c;
      void *others[64];
      open_callback(&c);
      c.f.provider.careless = true;
      c.alignment = layouts[i].alignment;
      c.size = layouts[i].size;
      c.f.provider.on_allocate = refill_and_allocate;
      char *object = allocate_some_way(&c, ways % WAYS_TO_ALLOCATE);
      size_t live = ways % WAYS_TO_ALLOCATE == REALLOCATING ? 1 : 2;
      assert_true(c.ran);
      assert_non_null(object);
      assert_ptr_not_equal(object, c.served);
      pattern_fill(object, c.size, 2);
      assert_ok(free_some_way(&c, ways / WAYS_TO_ALLOCATE, c.served));
      assert_int_equal(slots_live(&c.f), live);
      assert_status(SLM_ERR_DOUBLE_FREE, free_some_way(&c, ways / WAYS_TO_ALLOCATE, c.served));
      for (size_t j = 0; j < COUNT_OF(others); j++) {
        assert_non_null(others[j] = slm_zone_allocate(c.f.zone, c.size));
        assert_ptr_not_equal(others[j], object);
        memset(others[j], 0, c.size);
      }
      assert_disjoint(others, COUNT_OF(others), c.size);
      assert_true(pattern_holds(object, c.size, 2));
      assert_ok(slm_zone_deallocate(c.f.zone, object));
      close_with_live(&c.f, COUNT_OF(others) + live - 1);
    }
  }
}

static void calling_back_from_release_page(void **state) {
  (void)state;
  callback c;
  void *objects[40];
  open_callback(&c);
  assert_int_equal(slm_zone_allocate_batch(c.f.zone, 1024, 40, objects), 40);
  assert_ok(slm_zone_deallocate_batch(c.f.zone, objects, 40, NULL));
  c.f.provider.on_release = use_zone_from_provider;
  assert_ok(slm_zone_reclaim(c.f.zone, SIZE_MAX, SIZE_MAX, NULL));
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
  assert_ok(slm_zone_reclaim(c->f.zone, 3, 3, NULL));
}

static void reclaiming_from_release_page(void **state) {
  (void)state;
  callback c;
  void *objects[40];
  open_callback(&c);
  assert_int_equal(slm_zone_allocate_batch(c.f.zone, 1024, 40, objects), 40);
  assert_ok(slm_zone_deallocate_batch(c.f.zone, objects, 40, NULL));
  c.f.provider.on_release = reclaim_from_provider;
  assert_ok(slm_zone_reclaim(c.f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_true(c.ran);
  assert_int_equal(test_provider_out(&c.f.provider, BASE), 1);
  assert_true(pattern_holds(c.object, 64, 1));
  still_works(&c.f);
  close_with_live(&c.f, 1);
}

/** From within any call: all that may move pages. The zone's pages are what they were, or fewer. */
static void shake_the_zone(void *context) {
  callback *c = context;
  slm_zone *zone = c->f.zone;
  void *other = NULL;
  c->ran = true;
  assert_ok(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL));
  c->refused = slm_zone_allocate_with(zone, 8, 100, 0, &other);
  assert_true(c->refused == SLM_OK || c->refused == SLM_ERR_REENTRANT);
  assert_ok(slm_zone_deallocate(zone, other));
  void *page = test_provider_take(&c->f.provider, 4096);
  assert_ok(slm_zone_refill(zone, 8, 300, page, 4096));
  assert_true(pattern_holds(c->object, 64, 1));
}

/** Whatever the page is for: an object, or the zone's table of its pages. */
static void calling_back_from_each_call_in_turn(void **state) {
  (void)state;
  enum { PAGES = 200 };
  static callback c;
  size_t calls = PAGES;
  for (size_t n = 1; n <= calls; n++) {
    void *objects[PAGES];
    open_callback(&c);
    c.f.provider.careless = true;
    c.f.provider.hook_at = c.f.provider.calls + n;
    c.f.provider.on_allocate = shake_the_zone;
    for (size_t i = 0; i < PAGES; i++) {
      assert_non_null(objects[i] = slm_zone_allocate(c.f.zone, 2048));
      pattern_fill(objects[i], 2048, i);
    }
    assert_true(c.ran);
    calls = c.f.provider.calls - 1;
    for (size_t i = 0; i < PAGES; i++) {
      assert_true(pattern_holds(objects[i], 2048, i));
      assert_ok(slm_zone_deallocate(c.f.zone, objects[i]));
    }
    close_with_live(&c.f, 1);
  }
}

/** From within release_page of destroy: the zone has ended. */
static void use_an_ending_zone(void *context) {
  callback *c = context;
  c->ran = true;
  c->served = slm_zone_allocate(c->f.zone, 64);
  c->refused = slm_zone_deallocate(c->f.zone, c->object);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calling_back_from_allocate_page), cmocka_unit_test(calling_back_for_the_same_class),
      cmocka_unit_test(refilling_from_allocate_page),    cmocka_unit_test(calling_back_from_release_page),
      cmocka_unit_test(reclaiming_from_release_page),    cmocka_unit_test(calling_back_from_each_call_in_turn),
      cmocka_unit_test(calling_back_from_destroy),       cmocka_unit_test(freeing_what_the_callback_allocated),
  };
  return RUN_SUITE("provider callbacks", tests);
}
