/* Walks: every live object is visited once, whatever the visitor does to the zone. */
#include "../support/family.h"

enum { MANY = 4000 };

/** The objects of a zone, and what a walk over them saw. */
typedef struct walk {
  fixture f;
  void *objects[MANY];
  size_t sizes[MANY];
  size_t visits[MANY];
  size_t count;
  size_t calls, stop_after;
  bool is_ordered;
  void *last;
  /* what the visitor does */
  int frees; /* 0 nothing, 1 this object, 2 all but the visited, 3 a random one */
  bool reclaims, allocates, destroys, nests;
  uint64_t random;
} walk;

static size_t index_of(const walk *w, const void *object) {
  for (size_t i = 0; i < w->count; i++)
    if (w->objects[i] == object) return i;
  return SIZE_MAX;
}

static void drop(walk *w, size_t i) {
  if (w->objects[i] == NULL) return;
  assert_ok(slm_zone_deallocate(w->f.zone, w->objects[i]));
  w->objects[i] = NULL;
}

static bool count_calls(void *context, void *object, size_t size, size_t class_index) {
  (void)object, (void)size, (void)class_index;
  ++*(size_t *)context;
  return true;
}

static bool visit(void *context, void *object, size_t size, size_t class_index) {
  walk *w = context;
  w->calls++;
  size_t i = index_of(w, object);
  if (i != SIZE_MAX) {
    w->visits[i]++;
    assert_true(size >= w->sizes[i]);
    assert_int_equal(slm_zone_usable_size(w->f.zone, object), size);
    slm_class_statistics class = class_statistics(&w->f, class_index);
    assert_int_equal(class.slot_size - CANARY, size);
    assert_true(pattern_holds(object, w->sizes[i], i));
  }
  if (object < w->last) w->is_ordered = false;
  w->last = object;
  if (w->frees == 1 && i != SIZE_MAX) drop(w, i);
  if (w->frees == 2)
    for (size_t j = 0; j < w->count; j++)
      if (j != i) drop(w, j);
  if (w->frees == 3) drop(w, random_below(&w->random, w->count));
  if (w->reclaims) assert_ok(slm_zone_reclaim(w->f.zone, SIZE_MAX, SIZE_MAX, NULL));
  if (w->allocates) assert_non_null(slm_zone_allocate(w->f.zone, 1 + random_below(&w->random, 3000)));
  if (w->nests) {
    size_t calls = 0;
    assert_ok(slm_zone_for_each(w->f.zone, count_calls, &calls));
    assert_int_equal(calls, slots_live(&w->f));
    w->nests = false;
  }
  if (w->destroys) assert_ok(slm_zone_destroy(w->f.zone, NULL));
  return w->calls != w->stop_after;
}

/** A zone with objects of all sizes, some of which were freed. */
static void open_walk(walk *w, size_t page_size, size_t count) {
  memset(w, 0, sizeof *w);
  w->random = 7;
  w->is_ordered = true;
  open_pull(&w->f, page_size);
  w->count = count;
  for (size_t i = 0; i < count; i++) {
    w->sizes[i] = i % 50 == 0 ? 1 + random_below(&w->random, SLM_MAX_SIZE) : 1 + random_below(&w->random, 2000);
    assert_non_null(w->objects[i] = slm_zone_allocate(w->f.zone, w->sizes[i]));
    pattern_fill(w->objects[i], w->sizes[i], i);
  }
  for (size_t i = 0; i < count; i++)
    if (random_below(&w->random, 3) == 0) drop(w, i);
}

static size_t live_count(const walk *w) {
  size_t live = 0;
  for (size_t i = 0; i < w->count; i++) live += w->objects[i] != NULL;
  return live;
}

static void every_live_object_is_visited_once(void **state) {
  (void)state;
  static walk w;
  EACH_BASE_PAGE_SIZE(page_size) {
    open_walk(&w, page_size, 3000);
    size_t live = live_count(&w);
    assert_ok(slm_zone_for_each(w.f.zone, visit, &w));
    assert_int_equal(w.calls, live);
    for (size_t i = 0; i < w.count; i++) assert_int_equal(w.visits[i], w.objects[i] != NULL);
    assert_true(w.is_ordered);
    close_with_live(&w.f, live);
  }
}

/** Pages that are nowhere next to each other: more gaps than a scan notes. */
static void pages_with_gaps(void **state) {
  (void)state;
  static walk w;
  for (size_t stride = 2; stride <= 5; stride++) {
    memset(&w, 0, sizeof w);
    w.is_ordered = true;
    open_pull(&w.f, 4096);
    void *strays[700];
    size_t stray_count = 0;
    for (w.count = 0; w.count < 150; w.count++) {
      w.sizes[w.count] = ONE_PER_PAGE;
      assert_non_null(w.objects[w.count] = slm_zone_allocate(w.f.zone, ONE_PER_PAGE));
      pattern_fill(w.objects[w.count], ONE_PER_PAGE, w.count);
      for (size_t i = 1; i < stride && w.count % 7 != 0; i++)
        strays[stray_count++] = test_provider_take_stray(&w.f.provider, 4096);
    }
    assert_ok(slm_zone_for_each(w.f.zone, visit, &w));
    assert_int_equal(w.calls, 150);
    assert_true(w.is_ordered);
    for (size_t i = 0; i < w.count; i++) assert_int_equal(w.visits[i], 1);
    /* Freed, and the page gone, one after the other, from below and from above. */
    w.calls = 0;
    w.frees = 1;
    w.reclaims = true;
    if (stride % 2 == 0) w.nests = true;
    assert_ok(slm_zone_for_each(w.f.zone, visit, &w));
    assert_int_equal(w.calls, 150);
    for (size_t i = 0; i < stray_count; i++) test_provider_give_back_stray(&w.f.provider, strays[i], 4096);
    close_fixture(&w.f);
  }
}

static void the_visitor_frees(void **state) {
  (void)state;
  static walk w;
  for (int frees = 1; frees <= 3; frees++) {
    for (int reclaims = 0; reclaims <= 1; reclaims++) {
      open_walk(&w, 4096, 1000);
      w.frees = frees;
      w.reclaims = reclaims;
      size_t live = live_count(&w);
      assert_ok(slm_zone_for_each(w.f.zone, visit, &w));
      if (frees == 1) {
        assert_int_equal(w.calls, live);
        assert_int_equal(live_count(&w), 0);
      }
      if (frees == 2) assert_int_equal(w.calls, 1); /* none is left but the one */
      for (size_t i = 0; i < w.count; i++) {
        assert_true(w.visits[i] <= 1);
        if (w.objects[i] != NULL) assert_int_equal(w.visits[i], 1); /* live all the time */
      }
      if (frees == 3) still_works(&w.f);
      close_with_live(&w.f, live_count(&w));
    }
  }
}

/** Objects whose bits are in one word: those that the visitor freed are not visited. */
static void the_visitor_frees_neighbours(void **state) {
  (void)state;
  static walk w;
  memset(&w, 0, sizeof w);
  open_pull(&w.f, 4096);
  w.count = 200;
  for (size_t i = 0; i < w.count; i++) {
    w.sizes[i] = 24;
    assert_non_null(w.objects[i] = slm_zone_allocate(w.f.zone, 24));
    pattern_fill(w.objects[i], 24, i);
  }
  w.frees = 2;
  assert_ok(slm_zone_for_each(w.f.zone, visit, &w));
  assert_int_equal(w.calls, 1);
  close_with_live(&w.f, 1);
}

static void the_visitor_allocates(void **state) {
  (void)state;
  static walk w;
  open_walk(&w, 4096, 1000);
  w.allocates = true;
  w.stop_after = 5000;
  assert_ok(slm_zone_for_each(w.f.zone, visit, &w));
  if (w.calls < w.stop_after)
    for (size_t i = 0; i < w.count; i++) assert_int_equal(w.visits[i], w.objects[i] != NULL);
  close_with_live(&w.f, live_count(&w) + w.calls);
}

/** A page and the next but one, and what the visitor does at the first object. */
typedef struct gap_walk {
  fixture f;
  void *gap, *first, *last, *objects[100];
  size_t calls, last_visits;
} gap_walk;

static bool close_gap(void *context, void *object, size_t size, size_t class_index) {
  gap_walk *w = context;
  (void)class_index;
  assert_int_equal(slm_zone_usable_size(w->f.zone, object), size);
  w->calls++;
  w->last_visits += object == w->last;
  if (object != w->first) return true;
  test_provider_give_back_stray(&w->f.provider, w->gap, 4096);
  unsigned char *between = slm_zone_allocate(w->f.zone, ONE_PER_PAGE);
  assert_ptr_equal(between, w->gap);
  return true;
}

/** A page that comes into a gap joins what lies before and behind it: nothing is visited twice. */
static void a_gap_closes_during_the_walk(void **state) {
  (void)state;
  static gap_walk w;
  memset(&w, 0, sizeof w);
  open_pull(&w.f, 4096);
  assert_non_null(w.first = slm_zone_allocate(w.f.zone, ONE_PER_PAGE));
  w.gap = test_provider_take_stray(&w.f.provider, 4096);
  assert_non_null(w.last = slm_zone_allocate(w.f.zone, ONE_PER_PAGE));
  assert_ptr_equal((char *)w.last, (char *)w.first + 8192);
  assert_ok(slm_zone_for_each(w.f.zone, close_gap, &w));
  assert_int_equal(w.last_visits, 1);
  assert_in_range(w.calls, 2, 3);
  close_with_live(&w.f, 3);
}

static bool carve_anew(void *context, void *object, size_t size, size_t class_index) {
  gap_walk *w = context;
  (void)class_index;
  assert_int_equal(slm_zone_usable_size(w->f.zone, object), size); /* never the inside of an object, or none */
  if (w->calls++ != 0) return true;
  uintptr_t page = (uintptr_t)object & ~(uintptr_t)4095;
  assert_ok(slm_zone_deallocate_batch(w->f.zone, w->objects, COUNT_OF(w->objects), NULL));
  assert_ok(slm_zone_reclaim(w->f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_false(slm_zone_owns(w->f.zone, object));
  for (size_t i = 0; i < 50; i++) {
    void *other = slm_zone_allocate(w->f.zone, 48 - CANARY);
    assert_int_equal((uintptr_t)other & ~(uintptr_t)4095, page);
  }
  return true;
}

/** The page goes, and comes back with slots of another size, while its first word is visited. */
static void a_page_is_carved_anew_during_the_walk(void **state) {
  (void)state;
  static gap_walk w;
  memset(&w, 0, sizeof w);
  open_pull(&w.f, 4096);
  assert_int_equal(slm_zone_allocate_batch(w.f.zone, 32 - CANARY, COUNT_OF(w.objects), w.objects), COUNT_OF(w.objects));
  assert_ok(slm_zone_for_each(w.f.zone, carve_anew, &w));
  assert_int_equal(w.calls, 1);
  close_with_live(&w.f, 50);
}

static void the_visitor_ends_the_walk(void **state) {
  (void)state;
  static walk w;
  open_walk(&w, 4096, 100);
  size_t live = live_count(&w);
  w.stop_after = 3;
  assert_ok(slm_zone_for_each(w.f.zone, visit, &w));
  assert_int_equal(w.calls, 3);
  close_with_live(&w.f, live);
}

static void the_visitor_destroys(void **state) {
  (void)state;
  static walk w;
  open_walk(&w, 4096, 100);
  w.destroys = true;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_for_each(w.f.zone, visit, &w));
  assert_int_equal(w.calls, 1);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_for_each(w.f.zone, visit, &w));
  test_provider_close(&w.f.provider);
  open_walk(&w, 4096, 100);
  w.destroys = true;
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_destroy_with(w.f.zone, visit, &w, NULL));
  test_provider_close(&w.f.provider);
}

static void destroy_reports_what_is_left(void **state) {
  (void)state;
  static walk w;
  size_t live = 9;
  open_walk(&w, 4096, 500);
  size_t want = live_count(&w);
  assert_ok(slm_zone_destroy_with(w.f.zone, visit, &w, &live));
  assert_int_equal(live, want);
  assert_int_equal(w.calls, want);
  test_provider_close(&w.f.provider);
  /* What the visitor frees is not left. */
  open_walk(&w, 4096, 500);
  w.frees = 1;
  assert_ok(slm_zone_destroy_with(w.f.zone, visit, &w, &live));
  assert_int_equal(live, 0);
  test_provider_close(&w.f.provider);
  open_walk(&w, 4096, 500);
  w.stop_after = 2;
  want = live_count(&w);
  assert_ok(slm_zone_destroy_with(w.f.zone, visit, &w, &live));
  assert_int_equal(live, want);
  assert_int_equal(w.calls, 2);
  test_provider_close(&w.f.provider);
}

static void a_zone_that_cannot_be_destroyed_is_not_walked(void **state) {
  (void)state;
  fixture f;
  size_t calls = 0, live = 9;
  test_provider_open(&f.provider, 4096);
  slm_options options = SUITE_OPTIONS(((slm_page_provider)SLM_NO_PROVIDER));
  f.zone = slm_zone_init(&f.storage, sizeof f.storage, &options, NULL);
  void *page = refill(&f, 8, 64);
  void *object = slm_zone_allocate(f.zone, 64);
  assert_status(SLM_ERR_NO_PROVIDER, slm_zone_destroy_with(f.zone, count_calls, &calls, &live));
  assert_int_equal(calls, 0);
  assert_int_equal(live, 1);
  assert_ok(slm_zone_for_each(f.zone, count_calls, &calls));
  assert_int_equal(calls, 1);
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_ptr_equal(slm_zone_reclaim_page(f.zone, 4096), page);
  test_provider_give_back(&f.provider, page, 4096);
  assert_ok(slm_zone_destroy_with(f.zone, count_calls, &calls, &live));
  test_provider_close(&f.provider);
}

static void an_empty_zone_and_none(void **state) {
  (void)state;
  storage_type none;
  memset(&none, 0, sizeof none);
  size_t calls = 0;
  fixture f;
  open_pull(&f, 4096);
  assert_ok(slm_zone_for_each(f.zone, count_calls, &calls));
  assert_int_equal(calls, 0);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_for_each((slm_zone *)&none, count_calls, &calls));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_destroy_with((slm_zone *)&none, count_calls, &calls, NULL));
  close_fixture(&f);
}

static void caches_are_walked(void **state) {
  (void)state;
  test_provider provider;
  cache_storage_type storage;
  size_t calls = 0, live;
  test_provider_open(&provider, 4096);
  slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 104, &options, NULL);
  void *objects[300];
  assert_int_equal(slm_cache_allocate_batch(cache, 300, objects), 300);
  for (size_t i = 0; i < 300; i += 3) assert_ok(slm_cache_deallocate(cache, objects[i]));
  assert_ok(slm_cache_for_each(cache, count_calls, &calls));
  assert_int_equal(calls, 200);
  assert_ok(slm_cache_destroy_with(cache, count_calls, &calls, &live));
  assert_int_equal(calls, 400);
  assert_int_equal(live, 200);
  test_provider_close(&provider);
}

/** Objects with a run of their own come last, and are in no class. */
typedef struct large_walk {
  fixture f;
  size_t calls, large, frees;
  void *last;
} large_walk;

static bool visit_large(void *context, void *object, size_t size, size_t class_index) {
  large_walk *w = context;
  w->calls++;
  if (class_index != statistics(&w->f).class_count) {
    assert_int_equal(w->large, 0);
    return true;
  }
  w->large++;
  assert_int_equal(size, SLM_LARGE_PAGE_SIZE - CANARY);
  assert_int_equal(slm_zone_usable_size(w->f.zone, object), size);
  assert_true(object > w->last);
  w->last = object;
  if (w->frees != 0) assert_ok(slm_zone_deallocate(w->f.zone, object));
  return w->large != 3;
}

static void large_objects_are_visited(void **state) {
  (void)state;
  static large_walk w;
  void *objects[5];
  memset(&w, 0, sizeof w);
  open_pull(&w.f, 4096);
  for (size_t i = 0; i < 5; i++) assert_non_null(objects[i] = slm_zone_allocate(w.f.zone, 1 << 20));
  for (size_t i = 0; i < 10; i++) assert_non_null(slm_zone_allocate(w.f.zone, 100));
  assert_ok(slm_zone_deallocate(w.f.zone, objects[1]));
  assert_ok(slm_zone_for_each(w.f.zone, visit_large, &w));
  assert_int_equal(w.calls, 13); /* the visitor ends the walk before the fourth */
  w.calls = w.large = 0;
  w.last = NULL;
  w.frees = 1;
  assert_ok(slm_zone_for_each(w.f.zone, visit_large, &w));
  assert_int_equal(w.calls, 13);
  assert_int_equal(statistics(&w.f).objects_large, 1);
  w.calls = w.large = 0;
  w.last = NULL;
  w.frees = 0;
  size_t live;
  assert_ok(slm_zone_destroy_with(w.f.zone, visit_large, &w, &live));
  assert_int_equal(live, 11);
  assert_int_equal(w.calls, 11);
  test_provider_close(&w.f.provider);
}

static bool end_zone(void *context, void *object, size_t size, size_t class_index) {
  (void)object, (void)size, (void)class_index;
  assert_ok(slm_zone_destroy(context, NULL));
  return true;
}

static void a_visitor_of_a_large_object_destroys(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  assert_non_null(slm_zone_allocate(f.zone, 1 << 20));
  assert_non_null(slm_zone_allocate(f.zone, 1 << 20));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_for_each(f.zone, end_zone, f.zone));
  test_provider_close(&f.provider);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_live_object_is_visited_once),
      cmocka_unit_test(pages_with_gaps),
      cmocka_unit_test(the_visitor_frees),
      cmocka_unit_test(the_visitor_frees_neighbours),
      cmocka_unit_test(the_visitor_allocates),
      cmocka_unit_test(a_gap_closes_during_the_walk),
      cmocka_unit_test(a_page_is_carved_anew_during_the_walk),
      cmocka_unit_test(the_visitor_ends_the_walk),
      cmocka_unit_test(the_visitor_destroys),
      cmocka_unit_test(destroy_reports_what_is_left),
      cmocka_unit_test(a_zone_that_cannot_be_destroyed_is_not_walked),
      cmocka_unit_test(an_empty_zone_and_none),
      cmocka_unit_test(caches_are_walked),
      cmocka_unit_test(large_objects_are_visited),
      cmocka_unit_test(a_visitor_of_a_large_object_destroys),
  };
  return RUN_SUITE("walks", tests);
}
