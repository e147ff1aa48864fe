/* Constructors of caches: once for a slot's life in its slab; in profile hardened at each allocation. */
#include "../support/family.h"

#define OBJECT_SIZE ((size_t)200)
#define MAGIC UINT64_C(0x600DC0FFEE600D01)

#ifdef SUITE_HARDENED
static const bool anew = true; /* constructed at each allocation */
#else
static const bool anew = false;
#endif

typedef struct object {
  uint64_t magic;
  uint64_t use; /* how often it was allocated: kept while it is free */
  void *self;
} object;

/** A cache whose constructor counts. */
typedef struct made {
  test_provider provider;
  cache_storage_type storage;
  slm_cache *cache;
  size_t constructed, destroyed;
  size_t fail_at; /* the call that refuses, counted from 1; 0: none */
  bool recurses, refills, reserves, replaces, destroys_cache, frees, frees_again;
  void *free_this;
  slm_status refused;
} made;

static void destroy(void *context, void *memory, size_t size);

static slm_status construct(void *context, void *memory, size_t size) {
  made *m = context;
  assert_true(size >= OBJECT_SIZE);
  if (m->recurses) {
    m->recurses = false;
    void *inner = m;
    size_t before = m->constructed;
    for (;;) { /* what is free is served, a page is not */
      m->refused = slm_cache_allocate_with(m->cache, 0, &inner);
      if (m->refused != SLM_OK) break;
    }
    assert_null(inner);
    assert_true(anew || m->constructed == before);
  }
  if (m->refills) {
    m->refills = false;
    void *page = test_provider_take_stray(&m->provider, 4096);
    m->refused = slm_cache_refill(m->cache, page, 4096);
    test_provider_give_back_stray(&m->provider, page, 4096);
  }
  if (m->reserves) {
    m->reserves = false;
    m->refused = slm_cache_reserve(m->cache, 10000);
  }
  if (m->replaces) {
    m->replaces = false;
    slm_constructor other = {.struct_size = sizeof other, .context = m, .destroy = destroy};
    m->refused = slm_cache_set_constructor(m->cache, &other);
  }
  if (m->destroys_cache) {
    m->destroys_cache = false;
    m->refused = slm_cache_destroy(m->cache, NULL);
  }
  if (m->frees) {
    m->frees = false;
    m->refused = slm_cache_deallocate(m->cache, memory);
  }
  if (m->free_this != NULL) {
    void *other = m->free_this;
    m->free_this = NULL;
    assert_ok(slm_cache_deallocate(m->cache, other));
  }
  if (m->fail_at != 0 && m->constructed + 1 == m->fail_at) {
    m->fail_at = 0;
    return SLM_ERR_OUT_OF_MEMORY;
  }
  m->constructed++;
  *(object *)memory = (object){MAGIC, 0, memory};
  return SLM_OK;
}

static void destroy(void *context, void *memory, size_t size) {
  made *m = context;
  object *o = memory;
  assert_true(size >= OBJECT_SIZE);
  assert_true(o->magic == MAGIC && o->self == o);
  if (m->frees_again) {
    m->frees_again = false;
    m->refused = slm_cache_deallocate(m->cache, memory);
  }
  o->magic = 0;
  m->destroyed++;
}

static void open_made_with(made *m, slm_page_provider (*provider)(test_provider *)) {
  memset(m, 0, sizeof *m);
  test_provider_open(&m->provider, 4096);
  slm_options options = SUITE_OPTIONS(provider(&m->provider));
  m->cache = slm_cache_init(&m->storage, sizeof m->storage, 8, OBJECT_SIZE, &options, NULL);
  assert_non_null(m->cache);
  slm_constructor constructor = {sizeof constructor, 0, m, construct, destroy};
  assert_ok(slm_cache_set_constructor(m->cache, &constructor));
}

static void open_made(made *m) { open_made_with(m, test_provider_both); }

static slm_class_statistics class_now(made *m) {
  slm_class_statistics class = {.struct_size = sizeof class};
  assert_ok(slm_cache_class_statistics(m->cache, &class));
  return class;
}

/** As many objects are constructed as there should be. */
static void check(made *m) {
  slm_class_statistics class = class_now(m);
  assert_int_equal(m->constructed - m->destroyed, anew ? class.slots_live : class.pages * class.slots_per_page);
  assert_int_equal(class.pages, test_provider_out(&m->provider, BASE) - m->provider.strays[BASE]);
}

static void close_made(made *m, size_t want) {
  size_t live;
  check(m);
  assert_ok(slm_cache_destroy(m->cache, &live));
  assert_int_equal(live, want);
  assert_int_equal(m->constructed, m->destroyed);
  test_provider_close(&m->provider);
}

static void objects_keep_their_state(void **state) {
  (void)state;
  made m;
  object *objects[100];
  open_made(&m);
  size_t rounds = 5;
  for (size_t round = 0; round < rounds; round++) {
    for (size_t i = 0; i < 100; i++) {
      assert_non_null(objects[i] = slm_cache_allocate(m.cache));
      assert_true(objects[i]->magic == MAGIC && objects[i]->self == objects[i]);
      if (anew) assert_int_equal(objects[i]->use, 0);
      objects[i]->use++;
    }
    check(&m);
    for (size_t i = 0; i < 100; i++) {
      assert_ok(slm_cache_deallocate(m.cache, objects[i]));
      assert_status(SLM_ERR_DOUBLE_FREE, slm_cache_deallocate(m.cache, objects[i]));
    }
    check(&m);
  }
  if (!anew) {
    assert_int_equal(m.destroyed, 0);
    slm_class_statistics class = class_now(&m);
    assert_int_equal(m.constructed, class.pages * class.slots_per_page);
    size_t uses = 0;
    for (size_t i = 0; i < 100; i++) {
      objects[i] = slm_cache_allocate(m.cache);
      uses += objects[i]->use;
    }
    assert_true(uses > 0);
    for (size_t i = 0; i < 100; i++) assert_ok(slm_cache_deallocate(m.cache, objects[i]));
  } else {
    assert_int_equal(m.constructed, 100 * rounds);
  }
  close_made(&m, 0);
}

static void pages_that_leave_are_destroyed(void **state) {
  (void)state;
  made m;
  void *objects[100];
  open_made(&m);
  assert_int_equal(slm_cache_allocate_batch(m.cache, 100, objects), 100);
  assert_ok(slm_cache_deallocate_batch(m.cache, objects + 1, 99, NULL));
  assert_ok(slm_cache_reclaim(m.cache, 2, 0, NULL));
  check(&m);
  void *page = slm_cache_reclaim_page(m.cache, 4096);
  assert_non_null(page);
  test_provider_give_back(&m.provider, page, 4096);
  check(&m);
  assert_ok(slm_cache_reclaim(m.cache, SIZE_MAX, 0, NULL));
  assert_int_equal(class_now(&m).pages, 1);
  close_made(&m, 1);
}

static void a_constructor_that_fails(void **state) {
  (void)state;
  for (size_t fail_at = 1; fail_at <= 20; fail_at++) {
    made m;
    void *out = &m;
    open_made(&m);
    m.fail_at = fail_at;
    slm_status status;
    size_t live = 0;
    while ((status = slm_cache_allocate_with(m.cache, 0, &out)) == SLM_OK) live++;
    /* The last slots of a page are none of the first page's. */
    assert_status(SLM_ERR_CONSTRUCTOR_FAILED, status);
    assert_null(out);
    assert_int_equal(live, anew                                     ? fail_at - 1
                           : fail_at > class_now(&m).slots_per_page ? class_now(&m).slots_per_page
                                                                    : 0);
    check(&m);
    assert_ok(slm_cache_allocate_with(m.cache, 0, &out)); /* the next one does not fail */
    assert_int_equal(((object *)out)->magic, MAGIC);
    close_made(&m, live + 1);
  }
  made m;
  open_made(&m);
  m.fail_at = 1;
  assert_null(slm_cache_allocate(m.cache));
  m.fail_at = 1;
  void *out;
  assert_int_equal(slm_cache_allocate_batch(m.cache, 1, &out), 0);
  if (!anew) {
    m.fail_at = 3;
    assert_status(SLM_ERR_CONSTRUCTOR_FAILED, slm_cache_reserve(m.cache, 1));
  }
  check(&m);
  close_made(&m, 0);
}

static void pushed_pages_are_constructed(void **state) {
  (void)state;
  if (anew) return;
  made m;
  open_made_with(&m, test_provider_release_only);
  void *page = test_provider_take(&m.provider, 4096);
  m.fail_at = 4;
  assert_status(SLM_ERR_CONSTRUCTOR_FAILED, slm_cache_refill(m.cache, page, 4096));
  assert_int_equal(m.constructed, 3);
  assert_int_equal(m.destroyed, 3);
  assert_int_equal(class_now(&m).pages, 0);
  assert_null(slm_cache_allocate(m.cache));
  m.replaces = true; /* while the first page's objects are constructed */
  m.fail_at = m.constructed + 2;
  assert_status(SLM_ERR_CONSTRUCTOR_FAILED, slm_cache_refill(m.cache, page, 4096));
  assert_status(SLM_ERR_IN_USE, m.refused);
  m.refills = true;
  assert_ok(slm_cache_refill(m.cache, page, 4096)); /* the page was still ours */
  assert_status(SLM_ERR_REENTRANT, m.refused);
  assert_status(SLM_ERR_PAGE_OWNED, slm_cache_refill(m.cache, page, 4096));
  check(&m);
  assert_non_null(slm_cache_allocate(m.cache));
  close_made(&m, 1);
}

/** Tables of the directory take empty pages of the cache. Without any they lodge in pages that were pushed, in the
 * place of objects, which are destroyed. */
static void many_pushed_pages_are_constructed(void **state) {
  (void)state;
  if (anew) return;
  enum { PAGES = 1000 };
  static made m;
  static void *objects[PAGES * 20];
  for (int is_used = 0; is_used < 2; is_used++) {
    open_made_with(&m, test_provider_release_only);
    size_t count = 0;
    for (size_t i = 0; i < PAGES; i++) {
      void *page = test_provider_take(&m.provider, 4096);
      m.fail_at = m.constructed + 1 + i % 15; /* also when the page would lodge a table */
      assert_status(SLM_ERR_CONSTRUCTOR_FAILED, slm_cache_refill(m.cache, page, 4096));
      assert_ok(slm_cache_refill(m.cache, page, 4096));
      if (is_used) count += slm_cache_allocate_batch(m.cache, 20, objects + count);
    }
    if (!is_used) count = slm_cache_allocate_batch(m.cache, COUNT_OF(objects), objects);
    slm_statistics all = {.struct_size = sizeof all};
    assert_ok(slm_cache_statistics(m.cache, &all));
    slm_class_statistics class = class_now(&m);
    assert_int_equal(class.pages + all.table_pages, PAGES);
    if (is_used) assert_int_equal(all.table_pages, 0);
    else assert_true(all.table_pages > 0);
    /* Every slot is an object, and no other object is left. */
    assert_int_equal(count, m.constructed - m.destroyed);
    if (is_used) assert_true(count < class.pages * class.slots_per_page); /* tables lodge */
    else assert_int_equal(count, class.pages * class.slots_per_page);
    for (size_t i = 0; i < count; i++)
      assert_true(((object *)objects[i])->magic == MAGIC && ((object *)objects[i])->self == objects[i]);
    assert_ok(slm_cache_deallocate_batch(m.cache, objects, count, NULL));
    slm_reclaimed gone = {.struct_size = sizeof gone};
    assert_ok(slm_cache_reclaim(m.cache, SIZE_MAX, SIZE_MAX, &gone));
    assert_int_equal(gone.base_pages, PAGES);
    assert_int_equal(m.constructed, m.destroyed);
    close_made(&m, 0);
  }
}

static void a_constructor_that_uses_its_cache(void **state) {
  (void)state;
  made m;
  void *out;
  open_made(&m);
  m.recurses = true;
  assert_ok(slm_cache_allocate_with(m.cache, 0, &out));
  assert_status(SLM_ERR_REENTRANT, m.refused);
  check(&m);
  m.destroys_cache = true;
  size_t live = 1;
  for (; m.destroys_cache; live++) assert_non_null(slm_cache_allocate(m.cache));
  assert_status(SLM_ERR_REENTRANT, m.refused);
  check(&m);
  m.free_this = out;
  for (live -= 1; m.free_this != NULL; live++) assert_non_null(slm_cache_allocate(m.cache));
  check(&m);
  m.refills = true;
  for (; m.refills; live++) assert_non_null(slm_cache_allocate(m.cache));
  assert_status(SLM_ERR_REENTRANT, m.refused);
  m.reserves = true;
  for (; m.reserves; live++) assert_non_null(slm_cache_allocate(m.cache));
  assert_status(SLM_ERR_REENTRANT, m.refused);
  check(&m);
  m.frees = true; /* an object that is not there yet */
  for (; m.frees; live++) assert_non_null(slm_cache_allocate(m.cache));
  assert_status(anew ? SLM_ERR_DOUBLE_FREE : SLM_ERR_FOREIGN_POINTER, m.refused);
  check(&m);
  close_made(&m, live);
}

static void zeroed_is_refused(void **state) {
  (void)state;
  made m;
  void *out = &m;
  open_made(&m);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_cache_allocate_with(m.cache, SLM_ZEROED, &out));
  assert_null(out);
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_cache_allocate_with(m.cache, SLM_ZEROED | SLM_NOWAIT, &out));
  assert_null(slm_cache_allocate_zeroed(m.cache));
  assert_int_equal(class_now(&m).slots_live, 0);
  close_made(&m, 0);
}

static void misuse_is_found(void **state) {
  (void)state;
  made m;
  open_made(&m);
  char *a = slm_cache_allocate(m.cache), *b = slm_cache_allocate(m.cache);
  assert_status(SLM_ERR_INTERIOR_POINTER, slm_cache_deallocate(m.cache, a + 8));
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_cache_deallocate(m.cache, &m));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_cache_deallocate_sized(m.cache, a, 5000));
  size_t destroyed = m.destroyed;
  assert_ok(slm_cache_deallocate_sized(m.cache, a, OBJECT_SIZE));
  assert_status(SLM_ERR_DOUBLE_FREE, slm_cache_deallocate(m.cache, a));
  assert_int_equal(m.destroyed - destroyed, anew); /* and not twice */
  if (anew) {
    b[slm_cache_usable_size(m.cache, b)] ^= 1; /* the canary */
    assert_status(SLM_ERR_OVERFLOW, slm_cache_deallocate(m.cache, b));
    assert_int_equal(m.destroyed - destroyed, 1);
    b[slm_cache_usable_size(m.cache, b)] ^= 1;
  }
  assert_ok(slm_cache_deallocate(m.cache, b));
  close_made(&m, 0);
}

/** While an object is destroyed it is no longer live. */
static void a_destructor_that_frees_its_object(void **state) {
  (void)state;
  made m;
  open_made(&m);
  void *object = slm_cache_allocate(m.cache);
  m.frees_again = true;
  assert_ok(slm_cache_deallocate(m.cache, object));
  assert_ok(slm_cache_reclaim(m.cache, SIZE_MAX, SIZE_MAX, NULL));
  assert_false(m.frees_again);
  assert_status(anew ? SLM_ERR_DOUBLE_FREE : SLM_ERR_FOREIGN_POINTER, m.refused);
  close_made(&m, 0);
}

static void a_reserve_holds_when_the_provider_fails(void **state) {
  (void)state;
  made m;
  void *objects[150];
  open_made(&m);
  assert_ok(slm_cache_reserve(m.cache, 150));
  check(&m);
  m.provider.dry = true;
  for (size_t round = 0; round < 3; round++) {
    assert_ok(slm_cache_reclaim(m.cache, SIZE_MAX, SIZE_MAX, NULL));
    for (size_t i = 0; i < 150; i++) {
      assert_ok(slm_cache_allocate_with(m.cache, i % 2 == 0 ? 0 : SLM_NOWAIT, &objects[i]));
      assert_int_equal(((object *)objects[i])->magic, MAGIC);
    }
    for (size_t i = 0; i < 150; i++) assert_ok(slm_cache_deallocate(m.cache, objects[i]));
  }
  m.provider.dry = false;
  close_made(&m, 0);
}

static void only_before_the_first_page(void **state) {
  (void)state;
  made m;
  cache_storage_type none;
  memset(&none, 0, sizeof none);
  open_made(&m);
  slm_constructor constructor = {sizeof constructor, 0, &m, construct, destroy};
  void *object = slm_cache_allocate(m.cache);
  assert_status(SLM_ERR_IN_USE, slm_cache_set_constructor(m.cache, &constructor));
  assert_ok(slm_cache_deallocate(m.cache, object));
  assert_status(SLM_ERR_IN_USE, slm_cache_set_constructor(m.cache, &constructor));
  assert_ok(slm_cache_reclaim(m.cache, SIZE_MAX, SIZE_MAX, NULL));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_cache_set_constructor(m.cache, NULL));
  constructor.struct_size--;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_cache_set_constructor(m.cache, &constructor));
  constructor.struct_size++;
  constructor.construct = NULL;
  assert_ok(slm_cache_set_constructor(m.cache, &constructor));
  constructor.destroy = NULL;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_cache_set_constructor(m.cache, &constructor));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_cache_set_constructor((slm_cache *)&none, &constructor));
  close_made(&m, 0);
}

#if (defined SUITE_ANY_THREAD || defined SUITE_PER_CPU) && !defined SUITE_HARDENED
/** A page that another thread hands over, as a part of a large one, while its objects are being constructed. */
typedef struct contested {
  slm_cache *cache;
  void *page;
  size_t constructed, destroyed;
  slm_status other;
} contested;

static void *refill_around(void *context) {
  contested *c = context;
  c->other = slm_cache_refill(c->cache, c->page, SLM_LARGE_PAGE_SIZE);
  return NULL;
}

static slm_status construct_contested(void *context, void *memory, size_t size) {
  contested *c = context;
  (void)memory, (void)size;
  if (c->constructed++ != 0) return SLM_OK;
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, refill_around, c), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  return SLM_OK;
}

static void count_destroyed(void *context, void *memory, size_t size) {
  (void)memory, (void)size;
  ((contested *)context)->destroyed++;
}

/** The page is the other's, and what was constructed in vain is destroyed. */
static void a_page_that_another_thread_takes_meanwhile(void **state) {
  (void)state;
  contested c = {0};
  test_provider provider;
  cache_storage_type storage;
  test_provider_open(&provider, 4096);
  slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
  c.cache = slm_cache_init(&storage, sizeof storage, 8, 3000, &options, NULL);
  slm_constructor constructor = {sizeof constructor, 0, &c, construct_contested, count_destroyed};
  assert_ok(slm_cache_set_constructor(c.cache, &constructor));
  c.page = test_provider_take(&provider, SLM_LARGE_PAGE_SIZE);
  assert_status(SLM_ERR_PAGE_OWNED, slm_cache_refill(c.cache, c.page, 4096));
  assert_ok(c.other);
  slm_class_statistics class = {.struct_size = sizeof class};
  assert_ok(slm_cache_class_statistics(c.cache, &class));
  assert_int_equal(class.pages, 1);
  assert_int_equal(c.destroyed, 1); /* the one that a base page holds */
  assert_int_equal(c.constructed - c.destroyed, class.slots_per_page);
  assert_ok(slm_cache_destroy(c.cache, NULL));
  assert_int_equal(c.constructed, c.destroyed);
  test_provider_close(&provider);
}
#endif

static void large_pages_too(void **state) {
  (void)state;
  made m;
  memset(&m, 0, sizeof m);
  test_provider_open(&m.provider, 4096);
  slm_options options = SUITE_OPTIONS(test_provider_both(&m.provider));
  m.cache = slm_cache_init(&m.storage, sizeof m.storage, 64, 100000, &options, NULL);
  slm_constructor constructor = {sizeof constructor, 0, &m, construct, destroy};
  assert_ok(slm_cache_set_constructor(m.cache, &constructor));
  object *objects[30];
  for (size_t i = 0; i < 30; i++) {
    assert_non_null(objects[i] = slm_cache_allocate(m.cache));
    assert_int_equal(objects[i]->magic, MAGIC);
  }
  for (size_t i = 0; i < 30; i++) assert_ok(slm_cache_deallocate(m.cache, objects[i]));
  size_t live;
  assert_ok(slm_cache_destroy(m.cache, &live));
  assert_int_equal(m.constructed, m.destroyed);
  assert_true(m.constructed >= 30);
  test_provider_close(&m.provider);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(objects_keep_their_state),
    cmocka_unit_test(pages_that_leave_are_destroyed),
    cmocka_unit_test(a_constructor_that_fails),
    cmocka_unit_test(pushed_pages_are_constructed),
    cmocka_unit_test(many_pushed_pages_are_constructed),
    cmocka_unit_test(a_constructor_that_uses_its_cache),
    cmocka_unit_test(zeroed_is_refused),
    cmocka_unit_test(misuse_is_found),
    cmocka_unit_test(a_destructor_that_frees_its_object),
    cmocka_unit_test(a_reserve_holds_when_the_provider_fails),
    cmocka_unit_test(only_before_the_first_page),
    cmocka_unit_test(large_pages_too),
#if (defined SUITE_ANY_THREAD || defined SUITE_PER_CPU) && !defined SUITE_HARDENED
    cmocka_unit_test(a_page_that_another_thread_takes_meanwhile),
#endif
  };
  return cmocka_run_group_tests_name(PROFILE_NAME CACHE_FAMILY " constructors", tests, NULL, NULL);
}
