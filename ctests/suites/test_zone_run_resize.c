/* Objects with a run of their own that get another size: in place where the pages behind are free, else moved. */
#include "../support/run_provider.h"

/** A region resizes runs in place: down always, up while the pages behind are free. */
static void resize_in_place(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)32 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  slm_region *region = slm_region_init(memory, all, 4096, NULL);
  slm_options options = SUITE_OPTIONS(slm_region_provider(region));
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  unsigned char *object = slm_zone_allocate(zone, 1000000);
  assert_non_null(object);
  size_t available = slm_region_available(region, 4096), full = run_bytes(1000000, 4096);
  pattern_fill(object, 1000000, 1);
  assert_ok(slm_zone_resize(zone, object, 300000));
  assert_int_equal(slm_region_available(region, 4096), available + (full - run_bytes(300000, 4096)) / 4096);
  assert_int_equal(slm_zone_usable_size(zone, object), run_bytes(300000, 4096) - CANARY);
  assert_int_equal(statistics_of(zone).bytes_large, run_bytes(300000, 4096));
  assert_true(pattern_holds(object, 300000, 1));
  assert_false(slm_zone_owns(zone, object + run_bytes(300000, 4096)));
  assert_ok(slm_zone_resize(zone, object, 1000000));
  assert_int_equal(slm_region_available(region, 4096), available);
  assert_true(pattern_holds(object, 300000, 1));
  assert_int_equal(slm_zone_usable_size(zone, object), full - CANARY);
  pattern_fill(object, full - CANARY, 2);
  /* A neighbour: not any further. Nothing changes. */
  unsigned char *neighbour = object + full;
  void *others[8];
  size_t count = 0;
  bool is_there = false;
  while (count < 8 && !is_there) {
    assert_non_null(others[count] = slm_zone_allocate(zone, 300000));
    is_there = others[count++] == neighbour;
  }
  uint64_t held = statistics_of(zone).bytes_held;
  if (is_there) {
    assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(zone, object, full + 1));
    assert_int_equal(slm_zone_usable_size(zone, object), full - CANARY);
  }
  assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(zone, object, all));
  assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(zone, object, SIZE_MAX));
  assert_int_equal(statistics_of(zone).bytes_held, held); /* what did not come does not count */
  assert_true(pattern_holds(object, full - CANARY, 2));
  /* A resize is no reallocation: the object is freed by the size that it was allocated with. */
  assert_ok(slm_zone_resize(zone, object, 100000));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(zone, object, 500000));
  assert_ok(slm_zone_deallocate_sized(zone, object, 1000000));
  assert_ok(slm_zone_destroy(zone, NULL));
  munmap(memory, all);
}

static void reallocate_keeps_the_content(void **state) {
  (void)state;
  static const size_t steps[] = {100,     2000,    60000,  70000, 131072, 200000, 1000000,
                                 3000000, 2500000, 150000, 66000, 500,    8,      400000};
  static storage_type storage;
  size_t all = (size_t)32 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  for (int provider = 0; provider < 3; provider++) {
    run_fixture f;
    slm_zone *zone = NULL;
    if (provider == 0) {
      open_runs(&f, 4096, true);
      zone = f.zone;
    } else {
      slm_options options = SUITE_OPTIONS(provider == 1 ? slm_region_provider(slm_region_init(memory, all, 4096, NULL))
                                                        : slm_mmap_provider());
      zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
    }
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
      for (size_t j = 0; j < COUNT_OF(steps); j++) {
        size_t kept = steps[i] < steps[j] ? steps[i] : steps[j];
        unsigned char *object = slm_zone_allocate(zone, steps[i]);
        pattern_fill(object, steps[i], i);
        unsigned char *after = slm_zone_reallocate(zone, object, steps[j]);
        assert_non_null(after);
        assert_true(pattern_holds(after, kept, i));
        assert_true(slm_zone_usable_size(zone, after) >= steps[j]);
        memset(after, 0x77, slm_zone_usable_size(zone, after));
        assert_int_equal(statistics_of(zone).slots_live, 1);
        assert_int_equal(statistics_of(zone).objects_large, takes_run(steps[j]));
        /* It is an object of the new size now. */
        assert_ok(slm_zone_deallocate_sized(zone, after, steps[j]));
      }
    }
    if (provider == 0) close_runs(&f, 0);
    else assert_ok(slm_zone_destroy(zone, NULL));
  }
  munmap(memory, all);
}

/** Objects that grow step by step where a region has room. */
static void an_object_grows_in_place(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)64 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  slm_options options = SUITE_OPTIONS(slm_region_provider(slm_region_init(memory, all, 4096, NULL)));
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  unsigned char *object = slm_zone_allocate(zone, 200000);
  pattern_fill(object, 200000, 1);
  for (size_t size = 204800; size < (size_t)16 << 20; size += 65536) {
    unsigned char *after = slm_zone_reallocate(zone, object, size);
    assert_ptr_equal(after, object);
    assert_true(pattern_holds(object, 200000, 1));
  }
  for (size_t size = (size_t)16 << 20; size > 500000; size -= 300000)
    assert_ptr_equal(slm_zone_reallocate(zone, object, size), object);
  assert_true(pattern_holds(object, 200000, 1));
  assert_int_equal(statistics_of(zone).objects_large, 1);
  assert_ok(slm_zone_destroy(zone, NULL));
  munmap(memory, all);
}

static slm_page_provider inner;
static slm_zone *ended_by_provider;

/** The first run that comes back ends the zone. */
static void release_and_end(void *context, void *run, size_t size) {
  slm_zone *zone = ended_by_provider;
  inner.release_run(context, run, size);
  ended_by_provider = NULL;
  if (zone != NULL) assert_ok(slm_zone_destroy(zone, NULL));
}

/** An object that moves into a zone that ends meanwhile is nobody's. */
static void a_provider_that_ends_the_zone(void **state) {
  (void)state;
  static storage_type storage;
  size_t all = (size_t)16 << 20;
  void *memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  slm_region *region = slm_region_init(memory, all, 4096, NULL);
  size_t available = slm_region_available(region, 4096);
  inner = slm_region_provider(region);
  slm_options options = SUITE_OPTIONS(inner);
  options.provider.release_run = release_and_end;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  void *object = slm_zone_allocate(zone, 200000);
  assert_true(object != NULL && slm_zone_allocate(zone, 200000) != NULL); /* no room to grow in place */
  ended_by_provider = zone;
  assert_null(slm_zone_reallocate(zone, object, 900000));
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_deallocate(zone, object));
  assert_int_equal(slm_region_available(region, 4096), available);
  munmap(memory, all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(resize_in_place),
      cmocka_unit_test(reallocate_keeps_the_content),
      cmocka_unit_test(an_object_grows_in_place),
      cmocka_unit_test(a_provider_that_ends_the_zone),
  };
  return RUN_SUITE("run resize", tests);
}
