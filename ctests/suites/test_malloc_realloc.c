/* Changing the size of an object, in place or by moving it. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"

static unsigned char *allocate(size_t size, uint64_t id) {
  unsigned char *object = slm_malloc(size);
  assert_non_null(object);
  pattern_fill_ends(object, size, id);
  return object;
}

/** How much of the pattern of the first size is there after a change to the second. */
static size_t kept_of(size_t before, size_t after) {
  size_t kept = before < after ? before : after;
  return before > 2 * PATTERN_END && kept > PATTERN_END ? PATTERN_END : kept;
}

static void content_survives_every_change(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < count; j++) {
      if (sizes[i] + sizes[j] > 60000 && (i + 3 * j) % 8 != 0) continue; /* of the big ones some */
      unsigned char *object = allocate(sizes[i], i), *neighbour = allocate(sizes[i], 999);
      size_t slot = slot_of(object);
      unsigned char *after = slm_realloc(object, sizes[j]);
      if (sizes[j] == 0) { /* that freed it */
        assert_null(after);
        assert_freed(object, slot, slm_free(object));
      } else {
        assert_non_null(after);
        assert_aligned(after, 16);
        assert_true(slm_usable_size(after) >= sizes[j]);
        assert_true(pattern_holds(after, kept_of(sizes[i], sizes[j]), i));
        pattern_fill_ends(after, slm_usable_size(after), 7);
        slm_free_sized(after, sizes[j]); /* it is now an object of the new size */
      }
      assert_true(pattern_ends_hold(neighbour, sizes[i], 999));
      slm_free_sized(neighbour, sizes[i]);
    }
  }
  assert_int_equal(check_process_books().large_live, 0);
}

static void in_place_within_the_size_class(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    unsigned char *object = allocate(sizes[i], i);
    size_t usable = slm_usable_size(object), last = usable;
    if (usable >
        max_in_slot()) { /* a large object may give up pages, but stays where it is, if no guard page ends it */
      assert_ptr_equal(slm_realloc(object, usable), object);
      if ((usable + 1) / 2 > SLM_MAX_SIZE && !is_hardened())
        assert_ptr_equal(slm_realloc(object, (usable + 1) / 2), object);
    } else {
      for (size_t size = usable; size > 0 && slm_good_size(size) == usable; size -= 1 + size / 20) {
        assert_ptr_equal(slm_realloc(object, size), object);
        assert_int_equal(slm_usable_size(object), usable);
        last = size;
      }
    }
    assert_true(pattern_holds(object, kept_of(kept_of(sizes[i], (usable + 1) / 2), last), i));
    slm_free(object);
  }
}

static void below_half_it_gives_memory_back(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    unsigned char *object = allocate(sizes[i], i);
    size_t usable = slm_usable_size(object), size = usable < 4 ? 1 : usable / 2 - 1;
    unsigned char *after = slm_realloc(object, size);
    assert_non_null(after);
    assert_int_equal(slm_usable_size(after), slm_good_size(size));
    assert_true(pattern_holds(after, kept_of(sizes[i], size), i));
    slm_free_sized(after, size);
  }
}

static void null_allocates(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    void *object = slm_realloc(NULL, sizes[i]);
    assert_non_null(object);
    assert_int_equal(slm_usable_size(object), slm_good_size(sizes[i]));
    slm_free_sized(object, sizes[i]);
  }
}

static void failure_leaves_the_object(void **state) {
  (void)state;
  static const size_t impossible[] = {(size_t)1 << 48, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4095, SIZE_MAX};
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    unsigned char *object = allocate(sizes[i], i);
    for (size_t j = 0; j < COUNT_OF(impossible); j++) assert_refused(ENOMEM, slm_realloc(object, impossible[j]));
    assert_int_equal(slm_usable_size(object), slm_good_size(sizes[i]));
    assert_true(pattern_ends_hold(object, sizes[i], i));
    slm_free_sized(object, sizes[i]);
  }
}

static void step_by_step_up_and_down(void **state) {
  (void)state;
  unsigned char *object = NULL, *blocker = NULL;
  size_t last = 0;
  for (size_t size = 1; size <= 8 * MIB; last = size, size += 1 + size / 30) {
    object = slm_realloc(object, size);
    assert_non_null(object);
    assert_true(pattern_holds(object, last, 4));
    pattern_fill(object, size, 4);
    if (size % 3 == 0) { /* what lies behind is now free, now taken */
      slm_free(blocker);
      blocker = allocate(size, 5);
    }
  }
  for (size_t size = last; size > 0; size -= 1 + size / 30) {
    object = slm_realloc(object, size);
    assert_non_null(object);
    assert_true(pattern_holds(object, size, 4));
  }
  slm_free_sized(object, 1);
  slm_free(blocker);
  assert_int_equal(check_process_books().large_live, 0);
}

/** 64 vectors that grow side by side, as text that is read line by line. */
static void many_vectors_grow_together(void **state) {
  (void)state;
  enum { VECTORS = 64 };
  unsigned char *vectors[VECTORS] = {NULL};
  size_t sizes[VECTORS] = {0};
  uint64_t random = suite_seed();
  for (size_t step = 0; step < 2500; step++) {
    size_t i = random_below(&random, VECTORS), size = sizes[i] + 1 + sizes[i] / 2 % 50000;
    vectors[i] = slm_realloc(vectors[i], size);
    assert_non_null(vectors[i]);
    assert_true(pattern_holds(vectors[i], sizes[i], i));
    pattern_fill(vectors[i], sizes[i] = size, i);
  }
  for (size_t i = 0; i < VECTORS; i++) {
    assert_true(pattern_holds(vectors[i], sizes[i], i));
    slm_free_sized(vectors[i], sizes[i]);
  }
  assert_int_equal(check_process_books().large_live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(content_survives_every_change),        cmocka_unit_test(in_place_within_the_size_class),
      cmocka_unit_test(below_half_it_gives_memory_back), cmocka_unit_test(null_allocates),
      cmocka_unit_test(failure_leaves_the_object),       cmocka_unit_test(step_by_step_up_and_down),
      cmocka_unit_test(many_vectors_grow_together),
  };
  return cmocka_run_group_tests_name("slm_realloc", tests, NULL, NULL);
}
