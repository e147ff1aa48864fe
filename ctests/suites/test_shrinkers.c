/* Shrinkers: what is registered is asked, in order, before memory is refused. */
#include "../support/family.h"

typedef struct helper {
  slm_shrinker shrinker;
  fixture *f;
  size_t calls, bytes, turn;
  void *objects[200];
  size_t count;   /* objects to free */
  size_t at_once; /* objects freed at a call */
  bool lies;      /* says that it freed something */
  bool recurses;  /* allocates what needs a page */
  bool leaves;    /* removes itself */
  bool destroys;  /* destroys the zone */
  slm_status refused;
} helper;

static size_t turns;

static bool shrink(void *context, size_t bytes) {
  helper *h = context;
  h->calls++;
  h->bytes = bytes;
  h->turn = ++turns;
  size_t freed = 0;
  for (; freed < h->at_once && h->count > 0; freed++)
    assert_ok(slm_zone_deallocate(h->f->zone, h->objects[--h->count]));
  if (h->recurses) {
    void *out;
    h->refused = slm_zone_allocate_with(h->f->zone, 8, 700, 0, &out);
  }
  if (h->leaves) assert_ok(slm_zone_remove_shrinker(h->f->zone, &h->shrinker));
  if (h->destroys) assert_ok(slm_zone_destroy(h->f->zone, NULL));
  return freed > 0 || h->lies;
}

static void add(fixture *f, helper *h) {
  memset(h, 0, sizeof *h);
  h->shrinker.struct_size = sizeof h->shrinker;
  h->shrinker.context = h;
  h->shrinker.shrink = shrink;
  h->f = f;
  assert_ok(slm_zone_add_shrinker(f->zone, &h->shrinker));
}

/** Objects of a size for the helper to free, a page at least. */
static void fill(helper *h, size_t size, size_t count) {
  assert_int_equal(slm_zone_allocate_batch(h->f->zone, size, count, h->objects), count);
  h->count = count;
}

static void they_are_asked_in_order(void **state) {
  (void)state;
  fixture f;
  helper a, b, c;
  void *out;
  open_pull(&f, 4096);
  add(&f, &a);
  add(&f, &b);
  add(&f, &c);
  fill(&b, 256, 60);
  b.at_once = SIZE_MAX;
  f.provider.dry = true;
  assert_ok(slm_zone_allocate_with(f.zone, 8, 1000, 0, &out)); /* an empty page of 256 bytes */
  assert_int_equal(a.calls, 1);
  assert_int_equal(a.bytes, 4096);
  assert_int_equal(b.calls, 1);
  assert_int_equal(c.calls, 0);
  assert_true(a.turn < b.turn);
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 100000, 0, &out));
  assert_int_equal(a.calls, 2);
  assert_int_equal(c.calls, 1);
  assert_int_equal(c.bytes, SLM_LARGE_PAGE_SIZE);
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 100000, SLM_NOWAIT, &out));
  assert_int_equal(a.calls, 2); /* never without waiting */
  f.provider.dry = false;
  close_with_live(&f, 1);
  /* The end of the zone let them go. */
  open_pull(&f, 4096);
  assert_ok(slm_zone_add_shrinker(f.zone, &a.shrinker));
  close_fixture(&f);
}

static void a_slot_of_the_same_class_is_enough(void **state) {
  (void)state;
  fixture f;
  helper a, b;
  void *out;
  open_pull(&f, 4096);
  add(&f, &a);
  add(&f, &b);
  fill(&a, 64, 62);
  a.at_once = 1;
  f.provider.dry = true;
  while (slm_zone_allocate_with(f.zone, 8, 64, SLM_NOWAIT, &out) == SLM_OK) continue;
  uint64_t live = slots_live(&f);
  for (size_t i = 1; i <= 40; i++) {
    assert_ok(slm_zone_allocate_with(f.zone, 8, 64, 0, &out));
    assert_int_equal(a.calls, i);
  }
  assert_int_equal(b.calls, 0);
  assert_int_equal(slots_live(&f), live);
  close_with_live(&f, live);
}

/** An alignment that few slots of the class have: the one that the second shrinker frees. */
static void a_slot_with_the_alignment(void **state) {
  (void)state;
  fixture f;
  helper a, b;
  void *out;
  open_pull(&f, 4096);
  add(&f, &a);
  add(&f, &b);
  fill(&a, 64, 1);
  f.provider.dry = true;
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 65536, 40000, 0, &out));
  f.provider.dry = false;
  assert_ok(slm_zone_allocate_with(f.zone, 65536, 40000, 0, &b.objects[0]));
  b.count = 1;
  f.provider.dry = true;
  while (slm_zone_allocate_with(f.zone, 65536, 40000, SLM_NOWAIT, &out) == SLM_OK) continue;
  uint64_t live = slots_live(&f);
  a.at_once = b.at_once = 1;
  a.lies = true;
  assert_ok(slm_zone_allocate_with(f.zone, 65536, 40000, 0, &out));
  assert_aligned(out, 65536);
  assert_int_equal(b.calls, 2);
  close_with_live(&f, live - 1);
}

/** The provider has pages again after a shrinker freed something elsewhere. */
static bool water(void *context, size_t bytes) {
  (void)bytes;
  helper *h = context;
  h->calls++;
  h->f->provider.dry = false;
  return true;
}

static void then_the_provider_is_asked_again(void **state) {
  (void)state;
  fixture f;
  helper a;
  open_pull(&f, 4096);
  add(&f, &a);
  a.shrinker.shrink = water;
  static const struct {
    size_t alignment, size;
  } layouts[] = {{8, 8}, {8, 3000}, {4096, 100}, {65536, 100}, {1 << 20, 8}};
  for (size_t i = 0; i < COUNT_OF(layouts); i++) {
    f.provider.dry = true;
    assert_non_null(slm_zone_allocate_aligned(f.zone, layouts[i].alignment, layouts[i].size));
    if (layouts[i].alignment > SLM_MAX_SIZE + CANARY) continue; /* a run of its own: nothing to reserve */
    f.provider.dry = true;
    /* A large object has no class that could keep slots. */
    assert_status(layouts[i].alignment == 1 << 20 ? SLM_ERR_INVALID_LAYOUT : SLM_OK,
                  slm_zone_reserve(f.zone, layouts[i].alignment, layouts[i].size, 300));
  }
  assert_true(a.calls >= COUNT_OF(layouts));
  close_with_live(&f, COUNT_OF(layouts));
}

/** Frees the large object that it is given, once. */
typedef struct large_helper {
  slm_shrinker shrinker;
  fixture f;
  void *object;
  size_t calls, bytes;
} large_helper;

static bool shrink_large(void *context, size_t bytes) {
  large_helper *h = context;
  h->calls++;
  h->bytes = bytes;
  if (h->object == NULL) return false;
  assert_ok(slm_zone_deallocate(h->f.zone, h->object));
  h->object = NULL;
  return true;
}

static void large_objects_ask_them(void **state) {
  (void)state;
  static large_helper h;
  memset(&h, 0, sizeof h);
  void *out;
  open_pull(&h.f, 4096);
  h.shrinker = (slm_shrinker){.struct_size = sizeof h.shrinker, .context = &h, .shrink = shrink_large};
  assert_ok(slm_zone_add_shrinker(h.f.zone, &h.shrinker));
  assert_non_null(h.object = slm_zone_allocate(h.f.zone, 1 << 20));
  assert_ok(slm_zone_set_limits(h.f.zone, 0, 4096 + SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(h.f.zone, 8, 1 << 20, SLM_NOWAIT, &out));
  assert_int_equal(h.calls, 0);
  assert_ok(slm_zone_allocate_with(h.f.zone, 8, 1 << 20, 0, &out));
  assert_int_equal(h.calls, 1);
  assert_true(h.bytes >= 1 << 20);
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(h.f.zone, 8, 1 << 20, 0, &h.object));
  assert_int_equal(h.calls, 2);
  close_with_live(&h.f, 1);
}

/** A run that was pushed serves again when a shrinker frees its object. */
static void pushed_runs_that_were_freed_serve(void **state) {
  (void)state;
  static large_helper h;
  memset(&h, 0, sizeof h);
  void *out;
  open_pull(&h.f, 4096);
  h.shrinker = (slm_shrinker){.struct_size = sizeof h.shrinker, .context = &h, .shrink = shrink_large};
  assert_ok(slm_zone_add_shrinker(h.f.zone, &h.shrinker));
  size_t bytes = slm_zone_page_size(h.f.zone, 8, 300000);
  assert_ok(slm_zone_set_limits(h.f.zone, 0, bytes - 1));
  char *run = aligned_alloc(4096, bytes);
  assert_status(SLM_ERR_LIMIT, slm_zone_refill(h.f.zone, 8, 300000, run, bytes));
  assert_int_equal(statistics(&h.f).bytes_held, 0);
  assert_ok(slm_zone_set_limits(h.f.zone, 0, 2 * bytes));
  assert_ok(slm_zone_refill(h.f.zone, 8, 300000, run, bytes));
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(h.f.zone, 8, 300000, run, bytes));
  assert_int_equal(statistics(&h.f).bytes_held, bytes);
  assert_ok(slm_zone_set_limits(h.f.zone, 0, bytes));
  assert_ptr_equal(h.object = slm_zone_allocate(h.f.zone, 300000), run);
  assert_ok(slm_zone_allocate_with(h.f.zone, 8, 300000, 0, &out));
  assert_ptr_equal(out, run);
  assert_ok(slm_zone_deallocate(h.f.zone, out));
  assert_ptr_equal(slm_zone_reclaim_page(h.f.zone, bytes), run);
  assert_int_equal(statistics(&h.f).bytes_held, 0);
  free(run);
  close_fixture(&h.f);
}

static void a_liar_is_asked_once(void **state) {
  (void)state;
  fixture f;
  helper a, b;
  void *out;
  open_pull(&f, 4096);
  add(&f, &a);
  add(&f, &b);
  a.lies = b.lies = true;
  f.provider.dry = true;
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 8, 0, &out));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 65536, 8, 0, &out));
  assert_int_equal(a.calls, 2);
  assert_int_equal(b.calls, 2);
  assert_null(slm_zone_allocate(f.zone, 8));
  assert_int_equal(slm_zone_allocate_batch(f.zone, 8, 1, &out), 0);
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_reserve(f.zone, 8, 8, 1));
  assert_int_equal(a.calls, b.calls);
  f.provider.dry = false;
  still_works(&f);
  close_fixture(&f);
}

static void at_the_hard_limit_they_are_asked(void **state) {
  (void)state;
  fixture f;
  helper a;
  void *out;
  open_pull(&f, 4096);
  add(&f, &a);
  fill(&a, 256, 60);
  assert_ok(slm_zone_set_limits(f.zone, 0, statistics(&f).bytes_held));
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 1000, 0, &out));
  a.at_once = SIZE_MAX;
  assert_ok(slm_zone_allocate_with(f.zone, 8, 1000, 0, &out));
  assert_int_equal(a.calls, 2);
  fill(&a, 512, 7); /* a large page that is not allowed any more */
  assert_status(SLM_ERR_LIMIT, slm_zone_allocate_with(f.zone, 8, 100000, 0, &out));
  close_with_live(&f, 1);
}

static void recursion_is_refused(void **state) {
  (void)state;
  fixture f;
  helper a;
  void *out;
  open_pull(&f, 4096);
  add(&f, &a);
  a.recurses = true;
  f.provider.dry = true;
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 8, 0, &out));
  assert_status(SLM_ERR_REENTRANT, a.refused);
  assert_int_equal(a.calls, 1);
  f.provider.dry = false;
  still_works(&f);
  close_fixture(&f);
}

static void push_zones_ask_them(void **state) {
  (void)state;
  fixture f;
  helper a;
  void *out;
  open_push(&f, 4096);
  refill(&f, 8, 1000);
  add(&f, &a);
  fill(&a, 1000, 3);
  while (slm_zone_allocate_with(f.zone, 8, 1000, SLM_NOWAIT, &out) == SLM_OK) continue;
  uint64_t live = slots_live(&f);
  a.at_once = 1;
  a.recurses = true;
  assert_ok(slm_zone_allocate_with(f.zone, 8, 1000, 0, &out));
  assert_status(SLM_ERR_REENTRANT, a.refused);
  assert_int_equal(a.calls, 1);
  close_with_live(&f, live);
}

static void removing(void **state) {
  (void)state;
  fixture f;
  helper a, b, c;
  void *out;
  open_pull(&f, 4096);
  add(&f, &a);
  add(&f, &b);
  add(&f, &c);
  assert_status(SLM_ERR_IN_USE, slm_zone_add_shrinker(f.zone, &b.shrinker)); /* twice */
  f.provider.dry = true;
  b.leaves = true; /* from within */
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 8, 0, &out));
  assert_int_equal(c.calls, 1);
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 8, 0, &out));
  assert_int_equal(b.calls, 1);
  assert_int_equal(c.calls, 2);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_remove_shrinker(f.zone, &b.shrinker));
  assert_ok(slm_zone_remove_shrinker(f.zone, &a.shrinker));
  assert_ok(slm_zone_remove_shrinker(f.zone, &c.shrinker));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, 8, 0, &out));
  assert_int_equal(a.calls, 2);
  assert_ok(slm_zone_add_shrinker(f.zone, &b.shrinker));
  f.provider.dry = false;
  close_fixture(&f);
}

static void a_shrinker_that_destroys(void **state) {
  (void)state;
  fixture f;
  helper a;
  void *out;
  open_pull(&f, 4096);
  assert_non_null(slm_zone_allocate(f.zone, 64));
  add(&f, &a);
  a.destroys = true;
  f.provider.dry = true;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_allocate_with(f.zone, 8, 1000, 0, &out));
  assert_int_equal(a.calls, 1);
  test_provider_close(&f.provider);
}

static void bad_arguments(void **state) {
  (void)state;
  fixture f;
  storage_type none;
  memset(&none, 0, sizeof none);
  open_pull(&f, 4096);
  slm_shrinker shrinker = {.struct_size = sizeof shrinker};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_add_shrinker(f.zone, &shrinker)); /* no function */
  shrinker.shrink = shrink;
  shrinker.struct_size = sizeof shrinker - 1;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_add_shrinker(f.zone, &shrinker));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_add_shrinker(f.zone, NULL));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_remove_shrinker(f.zone, NULL));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_remove_shrinker(f.zone, &shrinker));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_add_shrinker((slm_zone *)&none, &shrinker));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_remove_shrinker((slm_zone *)&none, &shrinker));
  close_fixture(&f);
}

/** A cache of 1000 bytes whose shrinker frees one object a call. */
static struct {
  slm_cache *cache;
  void *object;
} one;

static bool free_one(void *context, size_t bytes) {
  (void)context, (void)bytes;
  if (one.object == NULL) return false;
  assert_ok(slm_cache_deallocate(one.cache, one.object));
  one.object = NULL;
  return true;
}

static void caches_ask_them(void **state) {
  (void)state;
  test_provider provider;
  cache_storage_type storage;
  test_provider_open(&provider, 4096);
  slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
  one.cache = slm_cache_init(&storage, sizeof storage, 8, 1000, &options, NULL);
  slm_shrinker shrinker = {.struct_size = sizeof shrinker, .shrink = free_one};
  assert_ok(slm_cache_add_shrinker(one.cache, &shrinker));
  assert_non_null(one.object = slm_cache_allocate(one.cache));
  provider.dry = true;
  void *out;
  size_t live, count = 1;
  while (slm_cache_allocate_with(one.cache, 0, &out) == SLM_OK) count++;
  assert_null(one.object);
  assert_ok(slm_cache_remove_shrinker(one.cache, &shrinker));
  assert_ok(slm_cache_destroy(one.cache, &live));
  assert_int_equal(live, count - 1);
  test_provider_close(&provider);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_are_asked_in_order),
      cmocka_unit_test(a_slot_of_the_same_class_is_enough),
      cmocka_unit_test(a_slot_with_the_alignment),
      cmocka_unit_test(then_the_provider_is_asked_again),
      cmocka_unit_test(large_objects_ask_them),
      cmocka_unit_test(pushed_runs_that_were_freed_serve),
      cmocka_unit_test(a_liar_is_asked_once),
      cmocka_unit_test(at_the_hard_limit_they_are_asked),
      cmocka_unit_test(recursion_is_refused),
      cmocka_unit_test(push_zones_ask_them),
      cmocka_unit_test(removing),
      cmocka_unit_test(a_shrinker_that_destroys),
      cmocka_unit_test(bad_arguments),
      cmocka_unit_test(caches_ask_them),
  };
  return RUN_SUITE("shrinkers", tests);
}
