/* What the malloc family refuses: sizes and products too large, alignments that are none; errno, and what it leaves. */
#include "../support/preload.h"

/** The call gives NULL and sets errno to this. */
#define assert_refused(want, call)                                                                                     \
  do {                                                                                                                 \
    errno = 0;                                                                                                         \
    void *got = opaque(call);                                                                                          \
    if (got != NULL || errno != (want)) fail_msg("%s: %p, errno %d, not %d", #call, got, errno, (want));               \
  } while (0)

static const size_t too_large[] = {(size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX + 4097,
                                   SIZE_MAX / 2 + 65536,    SIZE_MAX - 4096,
                                   SIZE_MAX - 15,           SIZE_MAX};

static void sizes_above_ptrdiff_max(void **state) {
  (void)state;
  char *object = malloc(100);
  pattern_fill(object, 100, 1);
  for (size_t i = 0; i < COUNT_OF(too_large); i++) {
    size_t size = opaque_size(too_large[i]);
    assert_refused(ENOMEM, malloc(size));
    assert_refused(ENOMEM, calloc(1, size));
    assert_refused(ENOMEM, calloc(size, 1));
    assert_refused(ENOMEM, realloc(NULL, size));
    assert_refused(ENOMEM, realloc(object, size));
    assert_refused(ENOMEM, reallocarray(object, size, 1));
    assert_refused(ENOMEM, aligned_alloc(16, size));
    assert_refused(ENOMEM, aligned_alloc(4096, size));
    assert_refused(ENOMEM, memalign(64, size));
    assert_refused(ENOMEM, valloc(size));
    assert_refused(ENOMEM, pvalloc(size));
    assert_true(pattern_holds(object, 100, 1));
  }
  free(object);
}

/** Sizes that a process could have, but for which there is no room; no sum of size and alignment may wrap around. */
static void sizes_beyond_the_address_space(void **state) {
  (void)state;
  for (size_t size = (size_t)1 << 48; size <= (size_t)1 << 62; size *= 2) {
    size_t hidden = opaque_size(size);
    assert_refused(ENOMEM, malloc(hidden));
    assert_refused(ENOMEM, calloc(1, hidden));
    assert_refused(ENOMEM, memalign(hidden, 1));
    assert_refused(ENOMEM, memalign(hidden, hidden));
  }
  for (size_t below = 0; below < 70000; below += 4095) {
    assert_refused(ENOMEM, malloc(opaque_size((size_t)PTRDIFF_MAX - below)));
    assert_refused(ENOMEM, pvalloc(opaque_size((size_t)PTRDIFF_MAX - below)));
    assert_refused(ENOMEM, aligned_alloc((size_t)1 << 21, opaque_size((size_t)PTRDIFF_MAX - below)));
  }
  assert_refused(ENOMEM, memalign(opaque_size((size_t)1 << 63), 1));
}

static void products_that_overflow(void **state) {
  (void)state;
  static const struct {
    size_t count, size;
  } pairs[] = {{SIZE_MAX, 2},
               {2, SIZE_MAX},
               {SIZE_MAX / 2 + 1, 2},
               {(size_t)1 << 32, (size_t)1 << 32},
               {((size_t)1 << 32) + 1, ((size_t)1 << 32) + 1},
               {SIZE_MAX / 16 + 2, 16},
               {SIZE_MAX, SIZE_MAX}};
  char *object = malloc(100);
  pattern_fill(object, 100, 1);
  for (size_t i = 0; i < COUNT_OF(pairs); i++) {
    size_t count = opaque_size(pairs[i].count), size = opaque_size(pairs[i].size);
    assert_refused(ENOMEM, calloc(count, size));
    assert_refused(ENOMEM, reallocarray(NULL, count, size));
    assert_refused(ENOMEM, reallocarray(object, count, size));
    assert_true(pattern_holds(object, 100, 1));
  }
  free(object);
}

static void alignments_that_are_none(void **state) {
  (void)state;
  static const size_t odd[] = {0, 3, 5, 24, 48, 4095, 4097, SIZE_MAX, ((size_t)1 << 63) + 1};
  for (size_t i = 0; i < COUNT_OF(odd); i++) {
    void *const unchanged = &state;
    void *out = unchanged;
    assert_int_equal(posix_memalign(&out, opaque_size(odd[i]), 64), EINVAL);
    assert_ptr_equal(out, unchanged);
    assert_refused(EINVAL, aligned_alloc(opaque_size(odd[i]), 64));
  }
  /* A power of two, but not a multiple of a pointer's size. */
  for (size_t alignment = 1; alignment < sizeof(void *); alignment *= 2) {
    void *const unchanged = &state;
    void *out = unchanged;
    assert_int_equal(posix_memalign(&out, opaque_size(alignment), 64), EINVAL);
    assert_ptr_equal(out, unchanged);
  }
}

static void posix_memalign_keeps_the_pointer_on_error(void **state) {
  (void)state;
  void *const unchanged = &state;
  for (size_t i = 0; i < COUNT_OF(too_large); i++) {
    void *out = unchanged;
    assert_int_equal(posix_memalign(&out, 64, opaque_size(too_large[i])), ENOMEM);
    assert_ptr_equal(out, unchanged);
  }
  /* The largest powers of two are alignments that no memory has. */
  for (size_t alignment = (size_t)1 << 62; alignment != 0; alignment *= 2) {
    void *out = unchanged;
    errno = 4711;
    assert_int_equal(posix_memalign(&out, opaque_size(alignment), 100), ENOMEM);
    assert_int_equal(errno, 4711);
    assert_ptr_equal(out, unchanged);
    assert_refused(ENOMEM, aligned_alloc(opaque_size(alignment), 100));
    assert_refused(ENOMEM, memalign(opaque_size(alignment), 100));
  }
}

/** errno is left alone by every call that succeeds, also where one needs the system. */
static void errno_stays(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 100, 5000, 100000, 200000, 3 * MIB, 80 * MIB};
  void (*free_sized)(void *, size_t) = NULL;
  void (*free_aligned_sized)(void *, size_t, size_t) = NULL;
  *(void **)&free_sized = function_named("free_sized");
  *(void **)&free_aligned_sized = function_named("free_aligned_sized");
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t round = 0; round < 20; round++) {
      errno = 4711;
      void *a = opaque(malloc(sizes[i])), *b = opaque(calloc(1, sizes[i])), *c = opaque(memalign(4096, sizes[i]));
      a = opaque(realloc(a, sizes[i] * 2));
      assert_int_equal(errno, 4711);
      errno = 4712;
      free_sized(a, sizes[i] * 2);
      free(b);
      free_aligned_sized(c, 4096, sizes[i]);
      free(NULL);
      free_sized(NULL, 5);
      assert_int_equal(errno, 4712);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(sizes_above_ptrdiff_max),
      cmocka_unit_test(sizes_beyond_the_address_space),
      cmocka_unit_test(products_that_overflow),
      cmocka_unit_test(alignments_that_are_none),
      cmocka_unit_test(posix_memalign_keeps_the_pointer_on_error),
      cmocka_unit_test(errno_stays),
  };
  return cmocka_run_group_tests_name("preload refusal", tests, NULL, NULL);
}
