/* Many objects in one call. */
#include "../support/family.h"

enum { LIMIT = 4000 };
static void *objects[LIMIT];

static void any_count_of_any_size(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 8, 64, 500, 2048, 5000, 70000};
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    f.provider.careless = true;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      /* Counts around the 64 slots of a bitmap word, and over many pages. */
      for (size_t count = 0; count <= 1000; count += count < 200 ? 1 : 400) {
        size_t kept = count * 37 % 150; /* so that batches start at any place of a page */
        for (size_t j = 0; j < kept; j++) assert_non_null(objects[count + j] = slm_zone_allocate(f.zone, sizes[i]));
        assert_int_equal(slm_zone_allocate_batch(f.zone, sizes[i], count, objects), count);
        assert_int_equal(slots_live(&f), count + kept);
        for (size_t j = 0; j < count + kept; j++) {
          assert_aligned(objects[j], sizes[i] <= 8 ? 8 : 16);
          pattern_fill_ends(objects[j], sizes[i], j);
        }
        for (size_t j = 0; j < count + kept; j++) assert_true(pattern_ends_hold(objects[j], sizes[i], j));
        assert_disjoint(objects, count + kept, sizes[i] ? sizes[i] : 1);
        size_t done = SIZE_MAX;
        assert_ok(slm_zone_deallocate_batch(f.zone, objects, count, &done));
        assert_int_equal(done, count);
        assert_ok(slm_zone_deallocate_batch(f.zone, objects + count, kept, NULL));
        assert_int_equal(slots_live(&f), 0);
      }
    }
    close_fixture(&f);
  }
}

static void a_batch_uses_no_more_pages_than_needed(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  size_t slots = class_of(&f, 64).slots_per_page;
  assert_int_equal(slm_zone_allocate_batch(f.zone, 64, 10 * slots, objects), 10 * slots);
  assert_int_equal(class_of(&f, 64).pages, 10);
  /* Holes are filled before a page is taken. */
  for (size_t i = 0; i < 10 * slots; i += 3) assert_ok(slm_zone_deallocate(f.zone, objects[i]));
  size_t holes = (10 * slots + 2) / 3;
  assert_int_equal(slm_zone_allocate_batch(f.zone, 64, holes, objects), holes);
  assert_int_equal(class_of(&f, 64).pages, CANARY ? 11 : 10); /* one more for those that are in quarantine */
  close_with_live(&f, 10 * slots);
}

static void less_when_out_of_memory(void **state) {
  (void)state;
  fixture f;
  open_push(&f, 4096);
  size_t slots = class_of(&f, 100).slots_per_page;
  memset(objects, 0, sizeof objects);
  assert_int_equal(slm_zone_allocate_batch(f.zone, 100, 10, objects), 0);
  refill(&f, 1, 100);
  refill(&f, 1, 100);
  assert_int_equal(slm_zone_allocate_batch(f.zone, 100, LIMIT, objects), 2 * slots);
  for (size_t i = 0; i < 2 * slots; i++) {
    assert_non_null(objects[i]);
    pattern_fill(objects[i], 100, i);
  }
  assert_disjoint(objects, 2 * slots, 100);
  assert_int_equal(slots_live(&f), 2 * slots);
  assert_int_equal(slm_zone_allocate_batch(f.zone, 100, 1, objects + 2 * slots), 0);
  assert_ok(slm_zone_deallocate(f.zone, objects[0]));
  assert_int_equal(slm_zone_allocate_batch(f.zone, 100, 2, objects), 1);
  for (size_t i = 1; i < 2 * slots; i++) assert_true(pattern_holds(objects[i], 100, i));
  close_with_live(&f, 2 * slots);
}

/** Counts that are negative when taken for signed ones: "all there are". */
static void any_count_may_be_asked_for(void **state) {
  (void)state;
  static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 2, LIMIT};
  for (size_t i = 0; i < COUNT_OF(counts); i++) {
    fixture f;
    open_push(&f, 4096);
    assert_int_equal(slm_zone_allocate_batch(f.zone, 64, counts[i], objects), 0);
    refill(&f, 1, 64);
    refill(&f, 1, 64);
    size_t slots = 2 * class_of(&f, 64).slots_per_page;
    assert_int_equal(slm_zone_allocate_batch(f.zone, 64, counts[i], objects), slots);
    assert_disjoint(objects, slots, 64);
    assert_ok(slm_zone_deallocate_batch(f.zone, objects, slots, NULL));
    close_fixture(&f);
  }
}

static void a_provider_that_fails_midway(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  size_t slots = class_of(&f, 512).slots_per_page;
  f.provider.fail_at = 4;
  size_t count = slm_zone_allocate_batch(f.zone, 512, 10 * slots, objects);
  assert_true(count >= 3 * slots - slots && count < 10 * slots); /* one call may have been for a table */
  assert_int_equal(slots_live(&f), count);
  assert_disjoint(objects, count, 512);
  assert_int_equal(slm_zone_allocate_batch(f.zone, 512, 10 * slots - count, objects + count), 10 * slots - count);
  assert_disjoint(objects, 10 * slots, 512);
  assert_ok(slm_zone_deallocate_batch(f.zone, objects, 10 * slots, NULL));
  still_works(&f);
  close_fixture(&f);
}

static void invalid_sizes_give_none(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  assert_int_equal(slm_zone_allocate_batch(f.zone, SLM_LARGE_PAGE_SIZE + 1, 3, objects), 0);
  assert_int_equal(slm_zone_allocate_batch(f.zone, SIZE_MAX, 3, objects), 0);
  assert_int_equal(f.provider.calls, 0);
  still_works(&f);
  close_fixture(&f);
}

static void bad_ones_are_left_out_and_the_first_is_named(void **state) {
  (void)state;
  fixture f;
  size_t done = SIZE_MAX;
  open_pull(&f, 4096);
  enum { COUNT = 12 };
  assert_int_equal(slm_zone_allocate_batch(f.zone, 64, COUNT, objects), COUNT);
  void *interior = objects[4], *foreign = objects[7];
  objects[1] = NULL;
  objects[2] = objects[0]; /* twice in one batch */
  objects[4] = (char *)interior + 8;
  objects[7] = &f;
  assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate_batch(f.zone, objects, COUNT, &done));
  assert_int_equal(done, COUNT - 4);
  assert_int_equal(slots_live(&f), 4); /* objects 1 and 2, which were lost above, 4 and 7 */
  objects[0] = foreign;
  objects[1] = NULL;
  objects[2] = &f;
  objects[3] = interior;
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_zone_deallocate_batch(f.zone, objects, 4, &done));
  assert_int_equal(done, 2);
  assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate_batch(f.zone, &interior, 1, NULL));
  objects[0] = NULL;
  assert_ok(slm_zone_deallocate_batch(f.zone, objects, 1, &done));
  assert_int_equal(done, 0);
  assert_ok(slm_zone_deallocate_batch(f.zone, objects, 0, &done));
  assert_int_equal(done, 0);
  assert_int_equal(slots_live(&f), 2);
  still_works(&f);
  close_with_live(&f, 2);
}

static void a_batch_may_mix_sizes_and_pages(void **state) {
  (void)state;
  fixture f;
  uint64_t random = 5;
  open_pull(&f, 4096);
  for (size_t i = 0; i < LIMIT; i++)
    assert_non_null(objects[i] = slm_zone_allocate(f.zone, i % 40 == 0 ? 50000 : i % 2048));
  shuffle(objects, LIMIT, &random);
  size_t done = 0;
  assert_ok(slm_zone_deallocate_batch(f.zone, objects, LIMIT, &done));
  assert_int_equal(done, LIMIT);
  assert_int_equal(slots_live(&f), 0);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_count_of_any_size),           cmocka_unit_test(a_batch_uses_no_more_pages_than_needed),
      cmocka_unit_test(less_when_out_of_memory),         cmocka_unit_test(a_provider_that_fails_midway),
      cmocka_unit_test(invalid_sizes_give_none),         cmocka_unit_test(bad_ones_are_left_out_and_the_first_is_named),
      cmocka_unit_test(a_batch_may_mix_sizes_and_pages), cmocka_unit_test(any_count_may_be_asked_for),
  };
  return RUN_SUITE("batch", tests);
}
