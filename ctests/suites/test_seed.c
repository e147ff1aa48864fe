/* What the tests of rust-slabmalloc, from which this allocator comes, check of its behaviour. */
#include "../support/family.h"

typedef struct tuple {
  size_t size, alignment, count;
} tuple;

static const tuple on_base_pages[] = {
    {8, 1, 512},   {8, 8, 4096},   {8, 64, 500},    {12, 1, 4096}, {13, 1, 4096},
    {14, 1, 2000}, {15, 1, 4096},  {16, 1, 8000},   {24, 1, 1024}, {32, 1, 3090},
    {64, 1, 4096}, {512, 1, 1000}, {1024, 1, 4096}, {2048, 1, 10}, {512, 1, 10000},
};
static const tuple on_large_pages[] = {
    {4096, 4096, 2048},  {8192, 4096, 4096},  {16384, 4096, 4096},
    {32768, 4096, 4096}, {65536, 4096, 4096}, {131072, 4096, 4096},
};

enum order { FORWARD, BACKWARD, EVERY_OTHER, RANDOM, ORDERS };

static void put_in_order(void **objects, size_t count, enum order order, uint64_t *random) {
  if (order == RANDOM) shuffle(objects, count, random);
  for (size_t i = 0; order == BACKWARD && i < count / 2; i++) {
    void *kept = objects[i];
    objects[i] = objects[count - 1 - i];
    objects[count - 1 - i] = kept;
  }
  for (size_t i = 0; order == EVERY_OTHER && i + 1 < count / 2; i += 2) {
    void *kept = objects[i];
    objects[i] = objects[count - 1 - i];
    objects[count - 1 - i] = kept;
  }
}

/** The slots of a page in which this many tables of the cache's directory lodge: each has 64 words, before the slot
 * words (two words for 64 slots) and the descriptor (64 bytes). */
static size_t slots_beside(const slm_class_statistics *class, size_t tables) {
  size_t words = (class->slots_per_page + 63) / 64,
         start = (class->page_size - 64 - words * 16) / 64 * 64 - tables * 512;
  if (tables == 0) return class->slots_per_page;
  return start / class->slot_size < class->slots_per_page ? start / class->slot_size : class->slots_per_page;
}

/** Each page but the last has served all its slots, and the few in which a table lodges those beside it. */
static void check_slots_served(const slm_class_statistics *class, const size_t *served, size_t pages, size_t count) {
  size_t all = 0, tables = 0;
  for (size_t i = 0; i < pages; all += served[i++]) {
    size_t lodged = 0;
    while (i + 1 < pages && lodged < 3 && served[i] != slots_beside(class, lodged)) lodged++;
    assert_in_range(lodged, 0, 2);
    tables += lodged;
  }
  assert_int_equal(all, count);
  assert_in_range(served[pages - 1], 1, class->slots_per_page);
  /* Two leaves of 56 pages are the cache's own. A leaf splits when it is full: into halves, or nearly so. */
  assert_in_range(tables, 0, pages <= 56 ? 0 : pages / 16);
}

/** Allocates count objects, handing over a page whenever there is none; returns the pages that took, and what each
 * served. */
static size_t allocate_all(slm_cache *cache, test_provider *provider, const tuple *t, void **objects, size_t *served) {
  size_t refills = 0;
  for (size_t i = 0; i < t->count; i++) {
    slm_status status = slm_cache_allocate_with(cache, 0, &objects[i]);
    if (status != SLM_OK) {
      assert_status(SLM_ERR_OUT_OF_MEMORY, status); /* and never an invalid layout */
      void *page = test_provider_take(provider, slm_cache_page_size(cache));
      assert_ok(slm_cache_refill(cache, page, slm_cache_page_size(cache)));
      assert_ok(slm_cache_allocate_with(cache, 0, &objects[i]));
      served[refills++] = 0;
    }
    if (refills > 0) served[refills - 1]++;
    assert_aligned(objects[i], t->alignment);
    pattern_fill_ends(objects[i], t->size, (uintptr_t)objects[i]);
  }
  for (size_t i = 0; i < t->count; i++) assert_true(pattern_ends_hold(objects[i], t->size, (uintptr_t)objects[i]));
  assert_disjoint(objects, t->count, t->size);
  return refills;
}

static void allocate_free_and_again(const tuple *t, size_t base_page_size, bool large) {
  test_provider provider;
  slm_cache_storage storage;
  void **objects = malloc(t->count * sizeof *objects);
  size_t *served = malloc(t->count * sizeof *served);
  uint64_t random = t->size + t->count;
  test_provider_open(&provider, base_page_size);
  provider.careless = large; /* a gigabyte would be filled in vain */
  slm_options options = *SLM_OPTIONS(test_provider_release_only(&provider));
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, t->alignment, t->size, &options, NULL);
  assert_non_null(cache);
  enum page_kind kind = large ? LARGE : BASE;
  assert_int_equal(slm_cache_page_size(cache), large ? SLM_LARGE_PAGE_SIZE : base_page_size);
  slm_class_statistics class = {.struct_size = sizeof class};
  assert_ok(slm_cache_class_statistics(cache, &class));
  size_t pages = 0;
  for (int order = FORWARD; order < ORDERS; order++) {
    size_t refills = allocate_all(cache, &provider, t, objects, served);
    if (order == FORWARD) pages = refills;
    else assert_int_equal(refills, 0); /* the pages are still there, and are enough */
    assert_int_equal(test_provider_out(&provider, kind), pages);
    if (order == FORWARD) check_slots_served(&class, served, pages, t->count);
    put_in_order(objects, t->count, order, &random);
    for (size_t i = 0; i < t->count; i++)
      assert_ok(slm_cache_deallocate_aligned_sized(cache, objects[i], t->alignment, t->size));
  }
  assert_ok(slm_cache_reclaim(cache, SIZE_MAX, SIZE_MAX, NULL));
  assert_int_equal(test_provider_out(&provider, BASE), 0);
  assert_int_equal(test_provider_out(&provider, LARGE), 0);
  size_t live = 1;
  assert_ok(slm_cache_destroy(cache, &live));
  assert_int_equal(live, 0);
  test_provider_close(&provider);
  free(objects);
  free(served);
}

static void objects_over_many_base_pages(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size)
  for (size_t i = 0; i < COUNT_OF(on_base_pages); i++) allocate_free_and_again(&on_base_pages[i], page_size, false);
}

static void objects_over_many_large_pages(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(on_large_pages); i++) /* With 64 KiB base pages a slot of 4 KiB is still on those. */
    allocate_free_and_again(&on_large_pages[i], 4096, true);
}

static void page_sizes_are_exact(void **state) {
  (void)state;
  slm_zone_storage storage;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, NULL, NULL);
  assert_int_equal(SLM_LARGE_PAGE_SIZE, 2 * 1024 * 1024);
  assert_int_equal(slm_zone_page_size(zone, 1, 8), 4096);
  assert_int_equal(slm_zone_page_size(zone, 1, SLM_MAX_SIZE), SLM_LARGE_PAGE_SIZE);
  slm_statistics all = {.struct_size = sizeof all};
  assert_ok(slm_zone_statistics(zone, &all));
  for (uint32_t i = 0; i < all.class_count; i++) { /* slots and the page's own data fit */
    slm_class_statistics class = {.struct_size = sizeof class};
    assert_ok(slm_zone_class_statistics(zone, i, &class));
    assert_true(class.slots_per_page * class.slot_size < class.page_size);
  }
  assert_ok(slm_zone_destroy(zone, NULL));
}

static void alignment_3_is_refused(void **state) {
  (void)state;
  fixture f;
  void *out = &f;
  slm_cache_storage storage;
  open_pull(&f, 4096);
  assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_allocate_with(f.zone, 3, 8, 0, &out));
  assert_null(out);
  assert_null(slm_cache_init(&storage, sizeof storage, 3, 8, NULL, NULL));
  still_works(&f);
  close_fixture(&f);
}

/** The two examples that open its README. */
static void the_readme_examples(void **state) {
  (void)state;
  fixture f;
  void *object = NULL;
  open_push(&f, 4096);
  refill(&f, 4, 12);
  assert_ok(slm_zone_allocate_with(f.zone, 4, 12, 0, &object));
  pattern_fill(object, 12, 1);
  assert_ok(slm_zone_deallocate_aligned_sized(f.zone, object, 4, 12));
  close_fixture(&f);

  slm_cache_storage storage;
  test_provider provider;
  test_provider_open(&provider, 4096);
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 10, NULL, NULL);
  void *page = test_provider_take(&provider, 4096);
  assert_ok(slm_cache_refill(cache, page, 4096));
  assert_non_null(object = slm_cache_allocate(cache));
  assert_ok(slm_cache_deallocate_aligned_sized(cache, object, 8, 10));
  assert_ptr_equal(slm_cache_reclaim_page(cache, 4096), page);
  assert_ok(slm_cache_destroy(cache, NULL));
  test_provider_give_back(&provider, page, 4096);
  test_provider_close(&provider);
}

static void a_class_of_8_serves_1_2_and_4(void **state) {
  (void)state;
  fixture f;
  open_push(&f, 4096);
  void *page = refill(&f, 1, 8), *objects[3];
  for (size_t i = 0; i < 3; i++) {
    assert_ok(slm_zone_allocate_with(f.zone, (size_t)1 << i, (size_t)1 << i, 0, &objects[i]));
    assert_int_equal((uintptr_t)objects[i] & ~(uintptr_t)4095, (uintptr_t)page);
  }
  for (size_t i = 0; i < 3; i++)
    assert_ok(slm_zone_deallocate_aligned_sized(f.zone, objects[i], (size_t)1 << i, (size_t)1 << i));
  close_fixture(&f);
}

/** A fresh page is empty; it serves its slots from the first on; it is full exactly at its slot count. */
static void a_page_is_full_at_its_slot_count(void **state) {
  (void)state;
  static const size_t sizes[] = {8, 512};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    test_provider provider;
    slm_cache_storage storage;
    void *objects[512];
    test_provider_open(&provider, 4096);
    slm_options options = *SLM_OPTIONS(test_provider_release_only(&provider));
    slm_cache *cache = slm_cache_init(&storage, sizeof storage, 1, sizes[i], &options, NULL);
    char *page = test_provider_take(&provider, 4096);
    assert_ok(slm_cache_refill(cache, page, 4096));
    slm_class_statistics class = {.struct_size = sizeof class};
    assert_ok(slm_cache_class_statistics(cache, &class));
    assert_int_equal(class.pages, 1);
    assert_int_equal(class.empty_pages, 1);
    assert_true(class.slots_per_page * sizes[i] <= 4096 && class.slots_per_page * sizes[i] >= 4096 * 85 / 100);
    for (size_t j = 0; j < class.slots_per_page; j++)
      assert_ptr_equal(objects[j] = slm_cache_allocate(cache), page + j * sizes[i]); /* first fit */
    assert_null(slm_cache_allocate(cache));
    assert_ok(slm_cache_deallocate(cache, objects[5]));
    assert_ok(slm_cache_deallocate(cache, objects[3]));
    void *again[2] = {slm_cache_allocate(cache), slm_cache_allocate(cache)}; /* the two free slots, in either order */
    assert_true((again[0] == objects[3] && again[1] == objects[5]) ||
                (again[0] == objects[5] && again[1] == objects[3]));
    assert_null(slm_cache_allocate(cache));
    size_t live = 0;
    assert_ok(slm_cache_destroy(cache, &live));
    assert_int_equal(live, class.slots_per_page);
    test_provider_close(&provider);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(page_sizes_are_exact),
      cmocka_unit_test(alignment_3_is_refused),
      cmocka_unit_test(the_readme_examples),
      cmocka_unit_test(a_class_of_8_serves_1_2_and_4),
      cmocka_unit_test(a_page_is_full_at_its_slot_count),
      cmocka_unit_test(objects_over_many_base_pages),
      cmocka_unit_test(objects_over_many_large_pages),
  };
  return cmocka_run_group_tests_name("the seed's behaviour", tests, NULL, NULL);
}
