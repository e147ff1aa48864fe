/* Frees that name the size: the right one is taken, a wrong one is reported and the object lives on. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"
#include "../support/process_threads.h"

static void the_right_size(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    size_t size = sizes[i], usable = slm_good_size(size);
    slm_free_sized(slm_malloc(size), size);
    slm_free_sized(slm_calloc(1, size), size);
    slm_free_sized(slm_calloc(size, 1), size);
    slm_free_sized(slm_realloc(NULL, size), size);
    /* In place, down to half the slot; then out of it. */
    void *object = slm_malloc(size);
    for (size_t smaller = usable; smaller > usable / 2; smaller -= 1 + smaller / 10) {
      object = slm_realloc(object, smaller);
      assert_non_null(object);
    }
    object = slm_realloc(object, usable / 2 + 1);
    slm_free_sized(object, usable / 2 + 1);
    slm_free_sized(slm_realloc(slm_malloc(size), usable * 2), usable * 2);
    slm_free_sized(slm_realloc(slm_malloc(size), usable / 3 + 1), usable / 3 + 1);
  }
  assert_int_equal(misuses.count, 0);
  assert_int_equal(check_process_books().large_live, 0);
}

static void another_size_of_the_same_class(void **state) {
  (void)state;
  size_t classes[EDGES], count = class_sizes(classes);
  for (size_t i = 0; i < count; i++) {
    /* Hardened, size 0 has a class of its own. */
    size_t smallest = i == 0 ? is_hardened() : classes[i - 1] + 1;
    slm_free_sized(slm_malloc(smallest), classes[i]);
    slm_free_sized(slm_malloc(classes[i]), smallest);
    slm_free_sized(slm_malloc((smallest + classes[i]) / 2), classes[i]);
  }
  assert_int_equal(misuses.count, 0);
}

static void a_size_of_another_class(void **state) {
  (void)state;
  if (is_fast()) skip(); /* see the_profile_fast_looks_at_neither */
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    unsigned char *object = slm_malloc(sizes[i]);
    size_t usable = slm_usable_size(object), slot = slot_of(object), wrong[EDGES + 4], wrong_count = 0;
    pattern_fill_ends(object, sizes[i], i);
    /* An object that shrank to half its slot stays in it, so half the slot may be right. */
    for (size_t j = 0; j < count; j++)
      if (slm_good_size(sizes[j]) < usable / 2 || sizes[j] > usable) wrong[wrong_count++] = sizes[j];
    wrong[wrong_count++] = usable + 1;
    wrong[wrong_count++] = (size_t)1 << 40;
    wrong[wrong_count++] = PTRDIFF_MAX;
    wrong[wrong_count++] = SIZE_MAX;
    for (size_t j = 0; j < wrong_count; j++) {
      assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_sized(object, wrong[j]));
      assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_aligned_sized(object, 16, wrong[j]));
    }
    assert_int_equal(slm_usable_size(object), usable);
    assert_true(pattern_ends_hold(object, sizes[i], i));
    slm_free_sized(object, sizes[i]);
    assert_freed(object, slot, slm_free_sized(object, sizes[i]));
  }
}

static void the_right_alignment_and_size(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t alignment = 1; alignment <= 4 * MIB; alignment *= 2) {
    for (size_t i = alignment % 3; i < count; i += 3) {
      void *object = slm_aligned_alloc(alignment, sizes[i]);
      assert_non_null(object);
      slm_free_aligned_sized(object, alignment, sizes[i]);
    }
  }
  assert_int_equal(misuses.count, 0);
}

static void a_wrong_alignment(void **state) {
  (void)state;
  if (is_fast()) skip(); /* see the_profile_fast_looks_at_neither */
  static const size_t wrong[] = {0, 3, 24, SIZE_MAX};
  for (size_t size = 0; size < 2 * MIB; size = size * 3 + 20) {
    unsigned char *objects[8];
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
      unsigned char *object = objects[i] = slm_malloc(size);
      size_t slot = slot_of(object);
      pattern_fill_ends(object, size, i);
      for (size_t j = 0; j < COUNT_OF(wrong); j++)
        assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_aligned_sized(object, wrong[j], size));
      for (size_t alignment = 32; alignment != 0; alignment *= 2) {
        if ((uintptr_t)object % alignment == 0) continue; /* it has that alignment */
        assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_aligned_sized(object, alignment, size));
      }
    }
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
      assert_true(pattern_ends_hold(objects[i], size, i));
      slm_free_aligned_sized(objects[i], 16, size);
    }
  }
}

static void a_wrong_size_with_the_right_alignment(void **state) {
  (void)state;
  if (is_fast()) skip(); /* see the_profile_fast_looks_at_neither */
  for (size_t alignment = 64; alignment <= 4 * MIB; alignment *= 4) {
    for (size_t size = 0; size < 2 * MIB; size = size * 3 + 20) {
      size_t slot;
      unsigned char *object = allocate_aligned(alignment, size, &slot);
      size_t usable = slm_usable_size(object);
      pattern_fill_ends(object, size, size);
      assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_aligned_sized(object, alignment, usable + 1));
      assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_aligned_sized(object, alignment, SIZE_MAX));
      assert_misuse(SLM_ERR_LAYOUT_MISMATCH, object, slot, slm_free_sized(object, usable + 1));
      assert_true(pattern_ends_hold(object, size, size));
      slm_free_aligned_sized(object, alignment, size);
    }
  }
  assert_int_equal(check_process_books().large_live, 0);
}

typedef struct sized_free {
  void *object;
  size_t size;
} sized_free;

/** By a thread with a heap of its own. */
static void *free_sized_elsewhere(void *argument) {
  sized_free *f = argument;
  slm_free(slm_malloc(f->size));
  slm_free_sized(f->object, f->size);
  return NULL;
}

/** An object of another thread's: its size is looked at, where it starts, and whether it is freed twice. */
static void by_another_thread(void **state) {
  (void)state;
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    void *objects[] = {slm_malloc(sizes[i]), slm_malloc(sizes[i]), slm_malloc(sizes[i])};
    size_t usable = slm_usable_size(objects[1]), slot = slot_of(objects[1]), before = misuses.count;
    on_thread(free_sized_elsewhere, &(sized_free){objects[0], sizes[i]});
    assert_int_equal(misuses.count, before);
    if (!is_fast()) {
      size_t wrong[] = {usable + 1, usable * 2 + 100, usable > 1024 ? 1000 : usable + 2000, usable / 3};
      for (size_t j = 0; j < COUNT_OF(wrong) - (usable < 100); j++) {
        sized_free f = {objects[1], wrong[j]};
        assert_misuse(SLM_ERR_LAYOUT_MISMATCH, objects[1], slot, on_thread(free_sized_elsewhere, &f));
      }
    }
    if (sizes[i] > 1 && !is_fast()) {
      sized_free f = {(char *)objects[1] + 1, sizes[i]};
      assert_misuse(SLM_ERR_INTERIOR_POINTER, f.object, slot, on_thread(free_sized_elsewhere, &f));
    }
    on_thread(free_sized_elsewhere, &(sized_free){objects[1], sizes[i]});
    sized_free again = {objects[1], sizes[i]};
    assert_freed(objects[1], slot, on_thread(free_sized_elsewhere, &again));
    slm_free_sized(objects[2], sizes[i]);
  }
  assert_int_equal(check_process_books().large_live, 0);
}

/** Whatever size and alignment a free names, the object is freed, and a second free of it is found. */
static void the_profile_fast_looks_at_neither(void **state) {
  (void)state;
  if (!is_fast()) skip(); /* the others do look */
  static const size_t alignments[] = {0, 3, 16, 24, 32, 65536, (size_t)1 << 63, SIZE_MAX};
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    for (size_t j = i % 7; j < count + 4; j += 7) {
      size_t wrong = j < count ? sizes[j] : SIZE_MAX >> (j - count) * 8;
      void *kept = slm_malloc(sizes[i]), *object = slm_malloc(sizes[i]), *other = slm_malloc(sizes[i]);
      size_t slot = slot_of(object), before = misuses.count;
      slm_free_sized(object, wrong);
      slm_free_aligned_sized(other, alignments[j % COUNT_OF(alignments)], wrong);
      assert_int_equal(misuses.count, before);
      assert_freed(object, slot, slm_free_sized(object, wrong));
      assert_freed(other, slot, slm_free(other));
      slm_free(kept);
    }
  }
  assert_int_equal(check_process_books().large_live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(the_right_size),          misuse_test(another_size_of_the_same_class),
      misuse_test(a_size_of_another_class), misuse_test(the_right_alignment_and_size),
      misuse_test(a_wrong_alignment),       misuse_test(a_wrong_size_with_the_right_alignment),
      misuse_test(by_another_thread),       misuse_test(the_profile_fast_looks_at_neither),
  };
  return cmocka_run_group_tests_name("slm_free_sized", tests, NULL, NULL);
}
