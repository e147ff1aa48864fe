/* Statistics: the header's equations hold at every step, and the structs may grow. */
#include "../support/family.h"

static void equations_hold_at_every_step(void **state) {
  (void)state;
  enum { LIVE = 300, STEPS = 6000 };
  uint64_t random = suite_seed();
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    void *objects[LIVE] = {0};
    uint64_t live = 0, bytes = 0;
    open_pull(&f, page_size);
    for (size_t step = 0; step < STEPS; step++) {
      void **object = &objects[random_below(&random, LIVE)];
      if (*object != NULL) {
        bytes -= slm_zone_usable_size(f.zone, *object) + CANARY;
        assert_ok(slm_zone_deallocate(f.zone, *object));
        *object = NULL;
        live--;
      } else {
        *object = slm_zone_allocate(f.zone, random_below(&random, step % 16 == 0 ? SLM_MAX_SIZE : 2048));
        assert_non_null(*object);
        bytes += slm_zone_usable_size(f.zone, *object) + CANARY;
        live++;
      }
      if (step % 100 == 99)
        assert_ok(slm_zone_reclaim(f.zone, random_below(&random, 4), random_below(&random, 2), NULL));
      assert_int_equal(statistics(&f).slots_live, live);
      assert_int_equal(statistics(&f).bytes_live, bytes);
      check_books(&f);
    }
    close_with_live(&f, (size_t)live);
  }
}

static void each_class_counts_its_own(void **state) {
  (void)state;
  fixture f;
  void *objects[10];
  open_pull(&f, 4096);
  uint32_t count = statistics(&f).class_count;
  for (uint32_t i = 0; i < count; i++) {
    slm_class_statistics before = class_statistics(&f, i);
    size_t size = before.slot_size - CANARY;
    if (size == 0) continue; /* a canary fills the slot */
    assert_int_equal(before.slots_live, 0);
    for (size_t j = 0; j < 10; j++) assert_non_null(objects[j] = slm_zone_allocate(f.zone, size));
    slm_class_statistics after = class_statistics(&f, i);
    assert_int_equal(after.slots_live, 10);
    assert_int_equal(after.pages, (10 + after.slots_per_page - 1) / after.slots_per_page);
    assert_int_equal(after.empty_pages, 0);
    assert_int_equal(statistics(&f).slots_live, 10);
    assert_int_equal(statistics(&f).bytes_live, 10 * before.slot_size);
    for (size_t j = 0; j < 10; j++) assert_ok(slm_zone_deallocate(f.zone, objects[j]));
    /* Or its pages would serve the next class. */
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  }
  close_fixture(&f);
}

/** Large objects are in no class, and have their own counts. */
static void large_objects_are_counted(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    void *objects[5];
    open_pull(&f, page_size);
    assert_non_null(slm_zone_allocate(f.zone, 100));
    for (size_t i = 0; i < 5; i++) {
      assert_non_null(objects[i] = slm_zone_allocate(f.zone, SLM_MAX_SIZE + 1 + i * 400000));
      slm_statistics now = statistics(&f);
      assert_int_equal(now.objects_large, i + 1);
      assert_int_equal(now.bytes_large, (i + 1) * SLM_LARGE_PAGE_SIZE);
      assert_int_equal(now.slots_live, i + 2);
      assert_int_equal(now.bytes_live, now.bytes_large + slm_zone_good_size(f.zone, 100) + CANARY);
      assert_int_equal(now.large_pages_taken, i + 1);
      check_books(&f);
    }
    for (size_t i = 5; i-- > 0;) {
      assert_ok(slm_zone_deallocate(f.zone, objects[i]));
      slm_statistics now = statistics(&f);
      assert_int_equal(now.objects_large, i);
      assert_int_equal(now.bytes_large, i * SLM_LARGE_PAGE_SIZE);
      assert_int_equal(now.slots_live, i + 1);
      assert_int_equal(now.large_pages_given_back, 5 - i);
      check_books(&f);
    }
    close_with_live(&f, 1);
  }
}

/** The share of a page that slots use: what the allocator's own data and the rest at the end leave. */
static void classes_ascend_and_fill_their_pages(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    uint32_t count = statistics(&f).class_count;
    assert_true(count > 0);
    uint32_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
      slm_class_statistics class = class_statistics(&f, i);
      uint64_t used = class.slots_per_page * class.slot_size;
      assert_true(class.slot_size > last && class.slot_size % 8 == 0);
      assert_true(class.page_size == page_size || class.page_size == SLM_LARGE_PAGE_SIZE);
      assert_true(used < class.page_size);
      /* Powers of two leave a slot's place to the descriptor. */
      if (class.page_size == SLM_LARGE_PAGE_SIZE) assert_true(used * 16 >= class.page_size * 15);
      else if (class.slot_size <= page_size / 16) assert_true(used * 100 >= class.page_size * 90);
      last = class.slot_size;
    }
    assert_true(last >= SLM_MAX_SIZE);
    slm_class_statistics out = {.struct_size = sizeof out, .pages = 77};
    assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_class_statistics(f.zone, count, &out));
    assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_class_statistics(f.zone, SIZE_MAX, &out));
    assert_int_equal(out.pages, 77);
    close_fixture(&f);
  }
}

static void too_small_a_struct_is_refused(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  slm_statistics all;
  slm_class_statistics class;
  static const uint32_t less[] = {0, 1, 8, offsetof(slm_statistics, slots_retired) - 1};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_statistics(f.zone, NULL));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_class_statistics(f.zone, 0, NULL));
  for (size_t i = 0; i < COUNT_OF(less); i++) {
    memset(&all, 0x5C, sizeof all);
    all.struct_size = less[i];
    assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_statistics(f.zone, &all));
    assert_true(bytes_are((char *)&all + 4, sizeof all - 4, 0x5C));
  }
  memset(&class, 0x5C, sizeof class);
  class.struct_size = sizeof class - 1;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_zone_class_statistics(f.zone, 0, &class));
  assert_true(bytes_are((char *)&class + 4, sizeof class - 4, 0x5C));
  close_fixture(&f);
}

/** A program built with the first header has a shorter struct: nothing is written behind it. */
static void the_first_struct_is_still_taken(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  assert_non_null(slm_zone_allocate(f.zone, 100));
  size_t first = offsetof(slm_statistics, slots_retired);
  assert_int_equal(first, 64);
  for (size_t size = first; size < sizeof(slm_statistics); size++) {
    slm_statistics all;
    memset(&all, 0x5C, sizeof all);
    all.struct_size = (uint32_t)size;
    assert_ok(slm_zone_statistics(f.zone, &all));
    assert_int_equal(all.struct_size, size);
    assert_int_equal(all.slots_live, 1);
    uint64_t later[] = {all.slots_retired, all.objects_large, all.bytes_large, all.pages_lent};
    for (size_t i = 0; i < COUNT_OF(later); i++)
      assert_int_equal(later[i], size < first + 8 * (i + 1) ? UINT64_C(0x5C5C5C5C5C5C5C5C) : 0);
  }
  assert_int_equal(statistics(&f).slots_retired, 0);
  close_with_live(&f, 1);
}

/** A program built with a later header has longer structs: the library fills what it knows. */
static void a_larger_struct_is_filled_as_far_as_known(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  assert_non_null(slm_zone_allocate(f.zone, 100));
  struct {
    slm_statistics known;
    unsigned char later[32];
  } all;
  struct {
    slm_class_statistics known;
    unsigned char later[32], guard[32];
  } class;
  memset(&all, 0x5C, sizeof all);
  memset(&class, 0x5C, sizeof class);
  all.known.struct_size = sizeof all;
  class.known.struct_size = sizeof class - sizeof class.guard;
  assert_ok(slm_zone_statistics(f.zone, &all.known));
  assert_int_equal(all.known.slots_live, 1);
  assert_int_equal(all.known.bytes_live, slm_zone_good_size(f.zone, 100) + CANARY);
  assert_ok(slm_zone_class_statistics(f.zone, 0, &class.known));
  assert_int_equal(class.known.slot_size, 8);
  assert_int_equal(class.known.slots_live, 0);
  assert_true(bytes_are(class.guard, sizeof class.guard, 0x5C));
  close_with_live(&f, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equations_hold_at_every_step),
      cmocka_unit_test(each_class_counts_its_own),
      cmocka_unit_test(large_objects_are_counted),
      cmocka_unit_test(classes_ascend_and_fill_their_pages),
      cmocka_unit_test(too_small_a_struct_is_refused),
      cmocka_unit_test(the_first_struct_is_still_taken),
      cmocka_unit_test(a_larger_struct_is_filled_as_far_as_known),
  };
  return RUN_SUITE("statistics", tests);
}
