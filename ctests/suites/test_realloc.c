/* Changing the size of an object, in place or by moving it. */
#include "../support/family.h"

static const size_t sizes[] = {0,    1,    8,    9,    16,   40,    100,   128,   129,   500,         1000,
                               2047, 2048, 2049, 4096, 8192, 10000, 32768, 57344, 57345, SLM_MAX_SIZE};

static void content_survives_every_change(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      for (size_t j = 0; j < COUNT_OF(sizes); j++) {
        void *before = slm_zone_allocate(f.zone, sizes[i]);
        void *neighbour = slm_zone_allocate(f.zone, sizes[i]);
        pattern_fill(before, sizes[i], i);
        pattern_fill(neighbour, sizes[i], 99);
        void *after = slm_zone_reallocate(f.zone, before, sizes[j]);
        assert_non_null(after);
        assert_aligned(after, sizes[j] <= 8 ? 8 : 16);
        assert_true(slm_zone_usable_size(f.zone, after) >= sizes[j]);
        assert_true(pattern_holds(after, sizes[i] < sizes[j] ? sizes[i] : sizes[j], i));
        pattern_fill(after, sizes[j], 7);
        assert_true(pattern_holds(neighbour, sizes[i], 99));
        if (after != before) assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(f.zone, before));
        assert_int_equal(slots_live(&f), 2);
        /* It is now an object of the new size. */
        assert_ok(slm_zone_deallocate_sized(f.zone, after, sizes[j]));
        assert_ok(slm_zone_deallocate(f.zone, neighbour));
      }
    }
    check_books(&f);
    close_fixture(&f);
  }
}

static void alignment_is_kept(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  for (size_t alignment = 1; alignment <= 65536; alignment *= 8) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      for (size_t j = 0; j < COUNT_OF(sizes); j += 2) {
        void *object = slm_zone_allocate_aligned(f.zone, alignment, sizes[i]);
        pattern_fill(object, sizes[i], i);
        object = slm_zone_reallocate_aligned(f.zone, object, alignment, sizes[j]);
        assert_non_null(object);
        assert_aligned(object, alignment);
        assert_true(slm_zone_usable_size(f.zone, object) >= sizes[j]);
        assert_true(pattern_holds(object, sizes[i] < sizes[j] ? sizes[i] : sizes[j], i));
        assert_ok(slm_zone_deallocate_aligned_sized(f.zone, object, alignment, sizes[j]));
      }
    }
  }
  /* A plain object can be given an alignment. */
  for (size_t alignment = 16; alignment <= SLM_LARGE_PAGE_SIZE; alignment *= 2) {
    void *object = slm_zone_allocate(f.zone, 48), *aligned;
    pattern_fill(object, 48, 3);
    assert_non_null(aligned = slm_zone_reallocate_aligned(f.zone, object, alignment, 48));
    assert_aligned(aligned, alignment);
    assert_true(pattern_holds(aligned, 48, 3));
    assert_ok(slm_zone_deallocate(f.zone, aligned));
  }
  close_fixture(&f);
}

static void null_allocates_and_zero_is_one(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  void *object = slm_zone_reallocate(f.zone, NULL, 100);
  assert_non_null(object);
  assert_true(slm_zone_usable_size(f.zone, object) >= 100);
  object = slm_zone_reallocate(f.zone, object, 0);
  assert_non_null(object); /* 0 does not deallocate */
  assert_int_equal(slots_live(&f), 1);
  assert_ok(slm_zone_deallocate_sized(f.zone, object, 0));
  object = slm_zone_reallocate_aligned(f.zone, NULL, 1024, 0);
  assert_non_null(object);
  assert_aligned(object, 1024);
  assert_ok(slm_zone_deallocate(f.zone, object));
  close_fixture(&f);
}

static void a_size_of_the_same_class_stays_in_place(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 16384);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    size_t good = slm_zone_good_size(f.zone, sizes[i]);
    if (good > SLM_MAX_SIZE) good = SLM_MAX_SIZE;
    void *object = slm_zone_allocate(f.zone, sizes[i]);
    assert_ptr_equal(slm_zone_reallocate(f.zone, object, good), object);
    assert_ptr_equal(slm_zone_reallocate(f.zone, object, sizes[i]), object);
    assert_ok(slm_zone_deallocate(f.zone, object));
  }
  close_fixture(&f);
}

static void failure_leaves_the_object(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  char *object = slm_zone_allocate(f.zone, 100), *freed = slm_zone_allocate(f.zone, 100);
  pattern_fill(object, 100, 1);
  assert_ok(slm_zone_deallocate(f.zone, freed));
  f.provider.dry = true;
  assert_null(slm_zone_reallocate(f.zone, object, 5000)); /* out of memory */
  assert_null(slm_zone_reallocate_aligned(f.zone, object, 4096, 5000));
  f.provider.dry = false;
  assert_null(slm_zone_reallocate(f.zone, object, LARGEST + 1));
  assert_null(slm_zone_reallocate(f.zone, object, SIZE_MAX));
  volatile size_t three = 3, zero = 0; /* which compilers would warn of */
  assert_null(slm_zone_reallocate_aligned(f.zone, object, three, 100));
  assert_null(slm_zone_reallocate_aligned(f.zone, object, zero, 100));
  assert_null(slm_zone_reallocate_aligned(f.zone, object, 2 * SLM_LARGE_PAGE_SIZE, 100));
  assert_null(slm_zone_reallocate_aligned(f.zone, object, 8, LARGEST + 1));
  assert_null(slm_zone_reallocate(f.zone, object + 8, 200)); /* inside */
  assert_null(slm_zone_reallocate(f.zone, object + 8, 10));
  assert_null(slm_zone_reallocate(f.zone, freed, 200)); /* free */
  assert_null(slm_zone_reallocate(f.zone, freed, 100));
  assert_null(slm_zone_reallocate(f.zone, &f, 200)); /* foreign */
  assert_null(slm_zone_reallocate_aligned(f.zone, freed, 16, 100));
  assert_int_equal(slots_live(&f), 1);
  assert_true(pattern_holds(object, 100, 1));
  assert_ok(slm_zone_deallocate_sized(f.zone, object, 100));
  still_works(&f);
  close_fixture(&f);
}

static void resize_stays_in_place(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    char *object = slm_zone_allocate(f.zone, sizes[i]), *neighbour = slm_zone_allocate(f.zone, sizes[i]);
    size_t usable = slm_zone_usable_size(f.zone, object);
    pattern_fill(neighbour, sizes[i], 2);
    pattern_fill(object, usable, 1);
    assert_ok(slm_zone_resize(f.zone, object, 0));
    assert_ok(slm_zone_resize(f.zone, object, 1));
    assert_ok(slm_zone_resize(f.zone, object, usable < SLM_MAX_SIZE ? usable : SLM_MAX_SIZE));
    assert_true(pattern_holds(object, usable, 1));
    if (usable < SLM_MAX_SIZE) assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(f.zone, object, usable + 1));
    assert_status(SLM_ERR_CANNOT_RESIZE, slm_zone_resize(f.zone, object, SIZE_MAX));
    assert_int_equal(slm_zone_usable_size(f.zone, object), usable);
    assert_true(pattern_holds(neighbour, sizes[i], 2));
    /* Resized within its class it may be freed by either size. */
    assert_ok(slm_zone_resize(f.zone, object, usable < SLM_MAX_SIZE ? usable : SLM_MAX_SIZE));
    assert_ok(slm_zone_deallocate_sized(f.zone, object, sizes[i]));
    assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_resize(f.zone, object, 1));
    assert_ok(slm_zone_deallocate(f.zone, neighbour));
  }
  char *object = slm_zone_allocate(f.zone, 64);
  assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_resize(f.zone, object + 1, 1));
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_zone_resize(f.zone, &f, 1));
  assert_int_equal(slots_live(&f), 1);
  close_with_live(&f, 1);
}

static void a_moving_object_grows_step_by_step(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  char *object = NULL;
  for (size_t size = 1; size <= SLM_MAX_SIZE; size += 1 + size / 50) {
    size_t before = size == 1 ? 0 : slm_zone_usable_size(f.zone, object);
    char *moved = slm_zone_reallocate(f.zone, object, size);
    assert_non_null(moved);
    if (before > 0) assert_true(pattern_holds(moved, before < size ? before : size, 4));
    object = moved;
    pattern_fill(object, slm_zone_usable_size(f.zone, object), 4);
    assert_int_equal(slots_live(&f), 1);
  }
  close_with_live(&f, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(content_survives_every_change),      cmocka_unit_test(alignment_is_kept),
      cmocka_unit_test(null_allocates_and_zero_is_one),     cmocka_unit_test(a_size_of_the_same_class_stays_in_place),
      cmocka_unit_test(failure_leaves_the_object),          cmocka_unit_test(resize_stays_in_place),
      cmocka_unit_test(a_moving_object_grows_step_by_step),
  };
  return RUN_SUITE("reallocate and resize", tests);
}
