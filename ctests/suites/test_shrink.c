/* An object that gets smaller: that never fails, and gives back what it can. */
#include "../support/run_provider.h"

/** Uses all that the zone has for sizes up to one. */
static void use_up(slm_zone *zone, size_t largest) {
  for (size_t size = largest; size >= 1; size -= size > 64 ? size / 8 : 1)
    while (slm_zone_allocate(zone, size) != NULL) {
    }
}

/** A program that gives memory back because there is none left must not be refused. */
static void without_memory_it_stays(void **state) {
  (void)state;
  static const size_t from[] = {16, 100, 2000, 5000, 60000, 131072, 300000};
  for (size_t i = 0; i < COUNT_OF(from); i++) {
    for (size_t to = 1; to < from[i]; to = to * 3 + 1) {
      static storage_type storage;
      size_t all = (size_t)1 << 20;
      unsigned char *memory = aligned_alloc(4096, all);
      slm_region *region = slm_region_init(memory, all, 4096, NULL);
      slm_options options = SUITE_OPTIONS(slm_region_provider(region));
      slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
      unsigned char *object = slm_zone_allocate(zone, from[i]);
      assert_non_null(object);
      pattern_fill(object, from[i], i);
      use_up(zone, 65536);
      uint64_t live = statistics_of(zone).slots_live;
      unsigned char *smaller = slm_zone_reallocate(zone, object, to);
      assert_non_null(smaller);
      assert_true(pattern_holds(smaller, to, i));
      assert_true(slm_zone_usable_size(zone, smaller) >= to);
      assert_int_equal(statistics_of(zone).slots_live, live);
      /* It may be freed by its new size, whether it moved or not. */
      assert_ok(slm_zone_deallocate_sized(zone, smaller, to));
      assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(zone, smaller));
      assert_int_equal(statistics_of(zone).slots_live, live - 1);
      assert_ok(slm_zone_destroy(zone, NULL));
      free(memory);
    }
  }
}

/** The same where the provider gives single pages. */
static void without_a_page_it_stays(void **state) {
  (void)state;
  static const size_t from[] = {100, 2000, 20000, 131072 - 64, 1000000};
  for (size_t i = 0; i < COUNT_OF(from); i++) {
    for (int aligned = 0; aligned < 2; aligned++) {
      fixture f;
      open_pull(&f, 4096);
      unsigned char *object = slm_zone_allocate_aligned(f.zone, 64, from[i]);
      pattern_fill(object, from[i], i);
      f.provider.dry = true;
      for (size_t to = from[i] - 1; to >= 1; to /= 2) {
        unsigned char *smaller =
            aligned ? slm_zone_reallocate_aligned(f.zone, object, 64, to) : slm_zone_reallocate(f.zone, object, to);
        assert_ptr_equal(smaller, object); /* there is nothing else */
        assert_true(pattern_holds(object, to, i));
        assert_int_equal(slots_live(&f), 1);
      }
      /* It grows again within what it has. */
      size_t usable = slm_zone_usable_size(f.zone, object);
      assert_ptr_equal(slm_zone_reallocate(f.zone, object, usable), object);
      assert_null(slm_zone_reallocate(f.zone, object, usable + 1));
      assert_ok(slm_zone_deallocate_sized(f.zone, object, usable));
      f.provider.dry = false;
      still_works(&f);
      close_fixture(&f);
    }
  }
}

/** A smaller object that is not as aligned as it should be cannot stay. */
static void an_alignment_is_no_reason_to_stay(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  unsigned char *objects[3], *object = NULL;
  for (size_t i = 0; i < 3; i++) objects[i] = slm_zone_allocate(f.zone, 1000);
  for (size_t i = 0; i < 3; i++)
    if ((uintptr_t)objects[i] % 4096 != 0) object = objects[i];
  pattern_fill(object, 1000, 1);
  f.provider.dry = true;
  assert_null(slm_zone_reallocate_aligned(f.zone, object, 4096, 10));
  assert_true(pattern_holds(object, 1000, 1));
  assert_ok(slm_zone_deallocate_sized(f.zone, object, 1000));
  close_with_live(&f, 2);
}

/** As many objects as stayed may be freed by a smaller size, and no more. A larger one is never right. */
static void sized_deallocations_of_what_stayed(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  void *objects[4];
  for (size_t i = 0; i < 4; i++) assert_non_null(objects[i] = slm_zone_allocate(f.zone, 2000));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(f.zone, objects[0], 100));
  f.provider.dry = true;
  assert_ptr_equal(slm_zone_reallocate(f.zone, objects[0], 100), objects[0]);
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(f.zone, objects[0], 3000));
  assert_ok(slm_zone_deallocate_sized(f.zone, objects[0], 100));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(f.zone, objects[1], 100));
  assert_ok(slm_zone_deallocate_sized(f.zone, objects[1], 2000));
  close_with_live(&f, 2);
}

/** With memory a smaller object moves to a smaller slot, or gives its pages back. */
static void with_memory_it_takes_less(void **state) {
  (void)state;
  run_fixture f;
  open_runs(&f, 4096, true);
  void *object = slm_zone_allocate(f.zone, 2000);
  assert_non_null(object = slm_zone_reallocate(f.zone, object, 100));
  assert_true(slm_zone_usable_size(f.zone, object) < 200);
  assert_non_null(object = slm_zone_reallocate(f.zone, object, 3000000));
  size_t out = f.provider.pages_out;
  assert_non_null(object = slm_zone_reallocate(f.zone, object, 300000));
  assert_true(f.provider.pages_out + 600 < out);
  assert_int_equal(statistics_of(f.zone).bytes_large, (300000 + CANARY + 4095) / 4096 * 4096);
  assert_non_null(object = slm_zone_reallocate(f.zone, object, 100));
  assert_int_equal(statistics_of(f.zone).bytes_large, 0);
  assert_true(slm_zone_usable_size(f.zone, object) < 200);
  assert_ok(slm_zone_deallocate_sized(f.zone, object, 100));
  close_runs(&f, 0);
}

/** A provider that takes parts of runs back: an object without memory for less gives up the pages behind it. */
static void a_run_that_stays_gives_its_pages_back(void **state) {
  (void)state;
  run_fixture f;
  open_runs(&f, 4096, true);
  unsigned char *object = slm_zone_allocate(f.zone, 3000000);
  pattern_fill(object, 1000, 1);
  f.provider.dry = true;
  assert_ptr_equal(slm_zone_reallocate(f.zone, object, 1000), object);
  assert_true(pattern_holds(object, 1000, 1));
  assert_int_equal(statistics_of(f.zone).bytes_large, 4096);
  assert_int_equal(f.provider.pages_out, 1 + statistics_of(f.zone).table_pages);
  assert_ok(slm_zone_deallocate(f.zone, object));
  close_runs(&f, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_memory_it_stays),           cmocka_unit_test(without_a_page_it_stays),
      cmocka_unit_test(an_alignment_is_no_reason_to_stay), cmocka_unit_test(sized_deallocations_of_what_stayed),
      cmocka_unit_test(with_memory_it_takes_less),         cmocka_unit_test(a_run_that_stays_gives_its_pages_back),
  };
  return RUN_SUITE("shrinking", tests);
}
