/* Objects with an alignment above the base page's, where the provider gives runs: how little they take, and what each
 * call does with them. A zone serves them by runs, a cache from slabs that are aligned. */
#include "../support/run_provider.h"

/* Sizes that are alignments as well: stacks whose bottom is found by a mask, tables of a granule. */
static const size_t sizes[] = {8192, 16384, 32768, 65536, 131072};

enum { TOTAL = 64 << 20 };

static size_t system_bytes(void) {
  slm_provider_statistics now = {.struct_size = sizeof now};
  assert_ok(slm_mmap_statistics(&now));
  return (now.base_pages_taken - now.base_pages_given_back) * 65536 +
         (now.large_pages_taken - now.large_pages_given_back) * SLM_LARGE_PAGE_SIZE;
}

/** Allocates and deallocates objects that are aligned to their size, so many bytes in all. `taken` tells what the
 * provider has given. */
static void fill(slm_zone *zone, size_t size, void *context, size_t (*taken)(void *context)) {
  size_t count = TOTAL / size, before = taken(context);
  unsigned char **objects = malloc(count * sizeof *objects);
  for (size_t i = 0; i < count; i++) {
    assert_non_null(objects[i] = slm_zone_allocate_aligned(zone, size, size - CANARY));
    assert_aligned(objects[i], size);
    assert_int_equal(slm_zone_usable_size(zone, objects[i]), size - CANARY);
    pattern_fill_ends(objects[i], size - CANARY, i);
  }
  double share = (double)(taken(context) - before) / TOTAL;
  if (share > 1.15) fail_msg("%zu bytes aligned to their size take %.3f times their size", size, share);
  assert_int_equal(statistics_of(zone).slots_live, count);
  for (size_t i = 0; i < count; i++) {
    assert_true(pattern_ends_hold(objects[i], size - CANARY, i));
    assert_ok(slm_zone_deallocate_aligned_sized(zone, objects[i], size, size - CANARY));
  }
  assert_int_equal(statistics_of(zone).slots_live, 0);
  free(objects);
}

static size_t taken_of_runs(void *context) { return ((run_fixture *)context)->provider.pages_out * 4096; }

static void aligned_to_their_size(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    run_fixture f;
    open_runs(&f, 4096, true);
    fill(f.zone, sizes[i], &f, taken_of_runs);
    close_runs(&f, 0);
  }
}

static size_t region_page;
static size_t taken_of_region(void *context) {
  slm_provider_statistics now = {.struct_size = sizeof now};
  assert_ok(slm_region_statistics(context, &now));
  return (now.base_pages_taken - now.base_pages_given_back) * region_page +
         (now.large_pages_taken - now.large_pages_given_back) * SLM_LARGE_PAGE_SIZE;
}

/** The same in a region. And it is used up: what lies between the objects serves others. */
static void aligned_in_a_region(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)80 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  EACH_BASE_PAGE_SIZE(page_size) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      slm_region *region = slm_region_init(memory, all, region_page = page_size, NULL);
      slm_options options = SUITE_OPTIONS(slm_region_provider(region));
      slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
      fill(zone, sizes[i], region, taken_of_region);
      size_t count = 0;
      while (slm_zone_allocate_aligned(zone, sizes[i], sizes[i] - CANARY) != NULL) count++;
      if ((double)all > 1.15 * (double)(count * sizes[i]))
        fail_msg("%zu objects of %zu bytes in %zu, pages of %zu", count, sizes[i], all, page_size);
      size_t live;
      assert_ok(slm_zone_destroy(zone, &live));
      assert_int_equal(live, count);
      assert_int_equal(taken_of_region(region), 0);
    }
  }
  munmap(memory, all);
}

static size_t taken_of_system(void *context) { return system_bytes() - *(size_t *)context; }

static void aligned_in_the_system(void **state) {
  (void)state;
  static storage_type storage;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    size_t before = system_bytes();
    slm_options options = SUITE_OPTIONS(slm_mmap_provider());
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    fill(zone, sizes[i], &before, taken_of_system);
    assert_ok(slm_zone_destroy(zone, NULL));
    assert_int_equal(system_bytes(), before);
  }
}

/** A cache whose slots are so aligned has slabs of eight slots' bytes, aligned, and uses up a region. */
static void caches_of_aligned_slots(void **state) {
  (void)state;
  static cache_storage_type storage;
  size_t all = (size_t)80 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  static const size_t slots[] = {8192, 16384, 65536};
  for (size_t i = 0; i < COUNT_OF(slots); i++) {
    size_t size = slots[i], count = 0;
    slm_region *region = slm_region_init(memory, all, region_page = 4096, NULL);
    size_t pages = slm_region_available(region, 4096);
    slm_options options = SUITE_OPTIONS(slm_region_provider(region));
    slm_cache *cache = slm_cache_init(&storage, sizeof storage, size, size - CANARY, &options, NULL);
    assert_non_null(cache);
    assert_int_equal(slm_cache_slot_size(cache), size);
    assert_int_equal(slm_cache_page_size(cache), 8 * size);
    slm_class_statistics class = {.struct_size = sizeof class};
    assert_ok(slm_cache_class_statistics(cache, &class));
    assert_int_equal(class.slots_per_page, 7);
    static unsigned char *objects[(80 << 20) / 8192];
    while ((objects[count] = slm_cache_allocate(cache)) != NULL) {
      assert_aligned(objects[count], size);
      pattern_fill_ends(objects[count], size - CANARY, count);
      count++;
    }
    /* Eight slots' bytes for each seven, and what is left at the end. The directory's own pages come on top: a 64th. */
    slm_statistics now = {.struct_size = sizeof now};
    assert_ok(slm_cache_statistics(cache, &now));
    assert_true(now.table_pages <= pages / 64);
    if ((double)((pages - now.table_pages) * 4096) > 1.15 * (double)(count * size))
      fail_msg("%zu slots of %zu bytes in %zu pages", count, size, pages);
    for (size_t j = 0; j < count; j++) {
      assert_true(pattern_ends_hold(objects[j], size - CANARY, j));
      assert_ok(slm_cache_deallocate_aligned_sized(cache, objects[j], size, size - CANARY));
    }
    assert_ok(slm_cache_destroy(cache, NULL));
    assert_int_equal(taken_of_region(region), 0);
  }
  munmap(memory, all);
}

/** An object that is not aligned to twice its alignment. */
static unsigned char *allocate_odd(slm_zone *zone, size_t alignment, size_t size) {
  unsigned char *object = slm_zone_allocate_aligned(zone, alignment, size);
  if ((uintptr_t)object % (2 * alignment) == 0) {
    unsigned char *next = slm_zone_allocate_aligned(zone, alignment, size);
    assert_ok(slm_zone_deallocate(zone, object));
    object = next;
  }
  assert_true((uintptr_t)object % (2 * alignment) == alignment);
  return object;
}

static void sized_deallocations(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    run_fixture f;
    open_runs(&f, 4096, true);
    size_t size = sizes[i] - CANARY, alignment = sizes[i];
    unsigned char *object = allocate_odd(f.zone, alignment, size);
    assert_int_equal(statistics_of(f.zone).objects_large, 1);
    assert_int_equal(statistics_of(f.zone).bytes_large, sizes[i]);
    slm_status mismatch = SLM_ERR_LAYOUT_MISMATCH;
    assert_status(mismatch, slm_zone_deallocate_aligned_sized(f.zone, object, 2 * alignment, size));
    assert_status(mismatch, slm_zone_deallocate_aligned_sized(f.zone, object, alignment, size - 4096));
    assert_status(mismatch, slm_zone_deallocate_aligned_sized(f.zone, object, alignment, size + 1));
    assert_status(mismatch, slm_zone_deallocate_sized(f.zone, object, 100));
    assert_status(mismatch, slm_zone_deallocate_sized(f.zone, object, size + 4096));
    assert_status(SLM_ERR_INVALID_LAYOUT, slm_zone_deallocate_aligned_sized(f.zone, object, 3, size));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate_aligned_sized(f.zone, object + 4096, 4096, size));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate_sized(f.zone, object + 8, size));
    assert_int_equal(statistics_of(f.zone).slots_live, 1);
    if (sizes[i] <= 65536) {
      /* Without its alignment the size has a class, and an object of that is in a slab. */
      assert_status(mismatch, slm_zone_deallocate_sized(f.zone, object, size));
      assert_status(mismatch, slm_zone_deallocate_aligned_sized(f.zone, object, 4096, size));
      assert_ok(slm_zone_deallocate_aligned_sized(f.zone, object, alignment, size - 1)); /* as many pages */
    } else {
      assert_ok(slm_zone_deallocate_sized(f.zone, object, size));
    }
    assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate_aligned_sized(f.zone, object, alignment, size));
    assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(f.zone, object));
    assert_int_equal(slm_zone_usable_size(f.zone, object), 0);
    /* An object of a slab that lies there is none with this alignment. */
    unsigned char *small = slm_zone_allocate(f.zone, size < 65536 - CANARY ? size : 100);
    assert_status(mismatch, slm_zone_deallocate_aligned_sized(f.zone, small, alignment, size));
    assert_ok(slm_zone_deallocate(f.zone, small));
    close_runs(&f, 0);
  }
}

static void small_objects_with_large_alignments(void **state) {
  (void)state;
  static const size_t some[] = {0, 1, 100, 4096 - CANARY, 4097 - CANARY, 5000};
  for (size_t alignment = 8192; alignment <= 131072; alignment *= 2) {
    for (size_t i = 0; i < COUNT_OF(some); i++) {
      run_fixture f;
      open_runs(&f, 4096, true);
      size_t bytes = some[i] + CANARY <= 4096 ? 4096 : 8192;
      unsigned char *object = slm_zone_allocate_aligned(f.zone, alignment, some[i]);
      assert_aligned(object, alignment);
      assert_int_equal(slm_zone_usable_size(f.zone, object), bytes - CANARY);
      assert_int_equal(f.provider.pages_out, bytes / 4096 + statistics_of(f.zone).table_pages);
      assert_ok(slm_zone_deallocate_aligned_sized(f.zone, object, alignment, some[i]));
      close_runs(&f, 0);
    }
  }
}

static void resize_and_reallocate(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    run_fixture f;
    open_runs(&f, 4096, true);
    size_t size = sizes[i] - CANARY, alignment = sizes[i];
    unsigned char *object = allocate_odd(f.zone, alignment, size), *moved;
    pattern_fill(object, size, i);
    assert_ok(slm_zone_resize(f.zone, object, size));
    assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(f.zone, object, size + 1)); /* this provider cannot */
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_resize(f.zone, object + 64, 1));
    /* Smaller stays, and gives pages back; larger moves, aligned, with its content. */
    size_t out = f.provider.pages_out;
    assert_ptr_equal(slm_zone_reallocate_aligned(f.zone, object, alignment, 4096 - CANARY), object);
    assert_int_equal(f.provider.pages_out, out - (sizes[i] - 4096) / 4096);
    assert_int_equal(slm_zone_usable_size(f.zone, object), 4096 - CANARY);
    assert_false(slm_zone_owns(f.zone, object + 4096));
    assert_non_null(moved = slm_zone_reallocate_aligned(f.zone, object, alignment, 3 * alignment));
    assert_aligned(moved, alignment);
    assert_true(pattern_holds(moved, 4096 - CANARY, i));
    assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(f.zone, object));
    assert_ok(slm_zone_deallocate_aligned_sized(f.zone, moved, alignment, 3 * alignment));
    /* An alignment that it has not makes it move, also if it does not grow. */
    object = allocate_odd(f.zone, alignment, size);
    pattern_fill(object, size, i + 1);
    assert_non_null(moved = slm_zone_reallocate_aligned(f.zone, object, 2 * alignment, size));
    assert_ptr_not_equal(moved, object);
    assert_aligned(moved, 2 * alignment);
    assert_true(pattern_holds(moved, size, i + 1));
    /* A resize is no reallocation: the sized deallocation names the size that was allocated. */
    assert_ok(slm_zone_resize(f.zone, moved, 1));
    assert_int_equal(slm_zone_usable_size(f.zone, moved), 4096 - CANARY);
    assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_aligned_sized(f.zone, moved, 2 * alignment, 1));
    assert_ok(slm_zone_deallocate_aligned_sized(f.zone, moved, 2 * alignment, size));
    /* Without an alignment it becomes an object of a class, as any other. */
    object = slm_zone_allocate_aligned(f.zone, alignment, size);
    pattern_fill(object, size, i + 2);
    assert_non_null(moved = slm_zone_reallocate(f.zone, object, 1000));
    assert_true(pattern_holds(moved, 1000, i + 2));
    assert_int_equal(statistics_of(f.zone).objects_large, 0);
    assert_ok(slm_zone_deallocate_sized(f.zone, moved, 1000));
    close_runs(&f, 0);
  }
}

/** A region makes them longer where they are. */
static void they_grow_in_a_region(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)32 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    slm_region *region = slm_region_init(memory, all, region_page = 4096, NULL);
    slm_options options = SUITE_OPTIONS(slm_region_provider(region));
    slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    unsigned char *object = slm_zone_allocate_aligned(zone, sizes[i], sizes[i] - CANARY);
    pattern_fill(object, sizes[i] - CANARY, i);
    size_t held = taken_of_region(region);
    assert_ok(slm_zone_resize(zone, object, sizes[i] + 1));
    assert_int_equal(taken_of_region(region), held + 4096);
    assert_int_equal(slm_zone_usable_size(zone, object), sizes[i] + 4096 - CANARY);
    assert_ptr_equal(slm_zone_reallocate_aligned(zone, object, sizes[i], 4 * sizes[i] - CANARY), object);
    assert_int_equal(taken_of_region(region), held + 3 * sizes[i]);
    assert_true(pattern_holds(object, sizes[i] - CANARY, i));
    pattern_fill(object, 4 * sizes[i] - CANARY, i);
    assert_ok(slm_zone_deallocate_aligned_sized(zone, object, sizes[i], 4 * sizes[i] - CANARY));
    assert_ok(slm_zone_destroy(zone, NULL));
    assert_int_equal(taken_of_region(region), 0);
  }
  munmap(memory, all);
}

#ifdef SUITE_HARDENED
static void an_overflow_is_found(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    run_fixture f;
    open_runs(&f, 4096, true);
    size_t size = sizes[i] - CANARY, alignment = sizes[i];
    unsigned char *object = slm_zone_allocate_aligned(f.zone, alignment, size);
    memset(object, 0xFF, size);
    for (size_t at = 0; at < CANARY; at++) {
      object[size + at] ^= 0x10;
      assert_status(SLM_ERR_OVERFLOW, slm_zone_deallocate(f.zone, object));
      assert_status(SLM_ERR_OVERFLOW, slm_zone_deallocate_aligned_sized(f.zone, object, alignment, size));
      assert_status(SLM_ERR_OVERFLOW, slm_zone_resize(f.zone, object, 1));
      assert_null(slm_zone_reallocate_aligned(f.zone, object, alignment, 1));
      assert_null(slm_zone_reallocate_aligned(f.zone, object, alignment, 2 * size));
      object[size + at] ^= 0x10;
    }
    /* The canary comes along when it shrinks. */
    assert_ok(slm_zone_resize(f.zone, object, 4000));
    size_t usable = slm_zone_usable_size(f.zone, object);
    assert_int_equal(usable, 4096 - CANARY);
    object[usable] ^= 1;
    assert_status(SLM_ERR_OVERFLOW, slm_zone_deallocate(f.zone, object));
    object[usable] ^= 1;
    assert_ok(slm_zone_deallocate_aligned_sized(f.zone, object, alignment, size));
    close_runs(&f, 0);
  }
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aligned_to_their_size), cmocka_unit_test(aligned_in_a_region),
      cmocka_unit_test(aligned_in_the_system), cmocka_unit_test(caches_of_aligned_slots),
      cmocka_unit_test(sized_deallocations),   cmocka_unit_test(small_objects_with_large_alignments),
      cmocka_unit_test(resize_and_reallocate), cmocka_unit_test(they_grow_in_a_region),
#ifdef SUITE_HARDENED
      cmocka_unit_test(an_overflow_is_found),
#endif
  };
  return RUN_SUITE("alignments above a page", tests);
}
