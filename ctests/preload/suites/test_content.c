/* What is in an object: zero from calloc, the old bytes after realloc; and the corners of size 0. */
#include "../support/preload.h"

#include <sys/mman.h>

static const size_t sizes[] = {1,    8,    16,    17,    64,     100,    256,    1000,   2048,
                               4096, 5000, 16000, 65536, 100000, 139264, 139265, 500000, 2 * MIB};

/** Leaves memory behind in which no byte is 0. */
static void leave_dirty(size_t size, size_t count) {
  void *objects[64];
  for (size_t i = 0; i < count; i++) {
    assert_non_null(objects[i] = malloc(size));
    memset(opaque(objects[i]), 0xA5, malloc_usable_size(objects[i]));
  }
  for (size_t i = 0; i < count; i++) free(objects[i]);
}

static void calloc_zeroes_dirty_memory(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    size_t count = sizes[i] > 100000 ? 8 : 64;
    void *objects[64];
    for (size_t round = 0; round < 4; round++) {
      leave_dirty(sizes[i], count);
      for (size_t j = 0; j < count; j++) {
        assert_non_null(objects[j] = calloc(1, sizes[i]));
        assert_true(bytes_are(objects[j], malloc_usable_size(objects[j]), 0));
        memset(objects[j], 0x5A, malloc_usable_size(objects[j]));
      }
      for (size_t j = 0; j < count; j++) free(objects[j]);
    }
  }
}

/** Of every kind of memory that calloc may think is fresh: after a free by another thread, a purge, a shrinking
 * realloc. */
static void *dirty_in_a_thread(void *size) {
  leave_dirty(*(size_t *)size, 8);
  return NULL;
}

static void calloc_zeroes_memory_that_comes_back(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    pthread_t thread;
    start_thread(&thread, dirty_in_a_thread, (void *)(uintptr_t)&sizes[i]);
    join_thread(thread);
    char *shrunk = malloc(sizes[i] * 4);
    memset(opaque(shrunk), 0xA5, sizes[i] * 4);
    assert_non_null(shrunk = realloc(shrunk, sizes[i]));
    if (i % 3 == 0) malloc_trim(0);
    char *zeroed[16];
    for (size_t j = 0; j < COUNT_OF(zeroed); j++) {
      assert_non_null(zeroed[j] = calloc(sizes[i], 1));
      assert_true(bytes_are(zeroed[j], sizes[i], 0));
    }
    for (size_t j = 0; j < COUNT_OF(zeroed); j++) free(zeroed[j]);
    free(shrunk);
  }
}

static void realloc_keeps_the_content(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t j = 0; j < COUNT_OF(sizes); j++) {
      size_t from = sizes[i], to = sizes[j], kept = from < to ? from : to;
      char *object = i % 2 ? malloc(from) : memalign(256, from);
      pattern_fill(opaque(object), from, i);
      object = j % 2 ? realloc(object, to) : reallocarray(object, to, 1);
      assert_non_null(object);
      assert_aligned(object, 16);
      assert_true(malloc_usable_size(object) >= to);
      assert_true(pattern_holds(object, kept, i));
      memset(object, 1, to);
      free(object);
    }
  }
  /* One object that goes up and down, among others that stay. */
  char *object = NULL;
  size_t size = 0;
  for (size_t i = 0; i < 3000; i++) {
    size_t next = 1 + random_below(&random, random_below(&random, 20) == 0 ? 3 * MIB : 3000);
    assert_non_null(object = realloc(object, next));
    assert_true(pattern_holds(object, size < next ? size : next, 77));
    pattern_fill(object, next, 77);
    size = next;
  }
  free(object);
}

static void a_large_object_grows_step_by_step(void **state) {
  (void)state;
  char *object = NULL, *neighbour = NULL;
  for (size_t size = 64 * KIB; size <= 24 * MIB; size += size / 3) {
    size_t before = object == NULL ? 0 : malloc_usable_size(object);
    assert_non_null(object = realloc(object, size));
    assert_true(pattern_holds(object, before, 5));
    pattern_fill(object, malloc_usable_size(object), 5);
    free(neighbour); /* now room behind it, now none */
    neighbour = size / MIB % 2 ? malloc(size) : NULL;
  }
  free(object);
  free(neighbour);
}

/** A large calloc over memory that was written to takes memory only where it is touched. */
static void a_large_calloc_stays_sparse(void **state) {
  (void)state;
  const size_t size = 100 * MIB;
  malloc_trim(0);
  size_t before = resident();
  char *object = opaque(malloc(size));
  memset(object, 1, size);
  free(object);
  object = opaque(calloc(1, size));
  for (size_t i = 0; i < size; i += size / 16) {
    assert_int_equal(object[i], 0);
    object[i] = 1;
  }
  size_t now = resident();
  if (now > before + 8 * MIB) fail_msg("a sparse calloc of 100 MiB takes %zu KiB", (now - before) / KIB);
  object[0] = 0;
  for (size_t i = 0; i < size; i++)
    if (object[i] != (i > 0 && i % (size / 16) == 0)) fail_msg("byte %zu is %d", i, object[i]);
  free(object);
}

/** A locked page can't be purged: then all of it is cleared. */
static void a_large_calloc_over_a_locked_page(void **state) {
  (void)state;
  const size_t size = 20 * MIB;
  char *object = opaque(malloc(size));
  memset(object, 1, size);
  bool is_locked = mlock(object + size / 2, 4096) == 0;
  free(object);
  char *zeroed = opaque(calloc(1, size));
  assert_true(bytes_are(zeroed, size, 0));
  free(zeroed);
  if (!is_locked) skip();
  munlock(object + size / 2, 4096);
}

static void size_zero(void **state) {
  (void)state;
  void *objects[1000];
  for (size_t i = 0; i < COUNT_OF(objects); i++)
    objects[i] = i % 4 == 0 ? malloc(0) : i % 4 == 1 ? calloc(0, 8) : i % 4 == 2 ? calloc(8, 0) : memalign(64, 0);
  for (size_t i = 0; i < COUNT_OF(objects); i++) assert_non_null(objects[i]);
  assert_disjoint(objects, COUNT_OF(objects), 1);
  for (size_t i = 0; i < COUNT_OF(objects); i++) {
    if (i % 4 < 3) assert_int_equal(malloc_usable_size(objects[i]), is_hardened() ? 0 : 16);
    if (i % 3 != 0) continue;
    assert_non_null(objects[i] = opaque(realloc(objects[i], 1000)));
    memset(objects[i], 1, 1000);
  }
  for (size_t i = 0; i < COUNT_OF(objects); i++) free(objects[i]);

  /* As glibc does: frees, gives NULL and no error. */
  size_t before = resident();
  for (size_t i = 0; i < 2000; i++) {
    char *object = malloc(MIB);
    memset(opaque(object), 1, 4096);
    errno = 0;
    assert_null(opaque(i % 2 ? realloc(object, opaque_size(0)) : reallocarray(object, opaque_size(0), 100)));
    assert_int_equal(errno, 0);
  }
  /* Hardened, some of the 32 in quarantine are cleared before they are used again, which makes all of their memory
   * resident. */
  assert_true(resident() < before + (is_hardened() ? 40 : 4) * MIB);
  void *object = opaque(realloc(NULL, opaque_size(0)));
  assert_non_null(object);
  free(object);
}

static void sized_frees_take_what_was_asked_for(void **state) {
  (void)state;
  void (*free_sized)(void *, size_t) = NULL;
  void (*free_aligned_sized)(void *, size_t, size_t) = NULL;
  void (*cfree)(void *) = NULL;
  *(void **)&free_sized = function_named("free_sized");
  *(void **)&free_aligned_sized = function_named("free_aligned_sized");
  *(void **)&cfree = function_named("cfree");
  for (size_t size = 0; size < 200000; size += 1 + size / 50) {
    free_sized(opaque(malloc(size)), size);
    free_sized(opaque(calloc(1, size)), size);
    free_sized(opaque(realloc(malloc(size / 2 + 7), size + 1)), size + 1);
    for (size_t alignment = 16; alignment <= 65536; alignment *= 4)
      free_aligned_sized(opaque(aligned_alloc(alignment, size)), alignment, size);
    cfree(opaque(malloc(size)));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(calloc_zeroes_dirty_memory),
      cmocka_unit_test(calloc_zeroes_memory_that_comes_back),
      cmocka_unit_test(realloc_keeps_the_content),
      cmocka_unit_test(a_large_object_grows_step_by_step),
      cmocka_unit_test(a_large_calloc_stays_sparse),
      cmocka_unit_test(a_large_calloc_over_a_locked_page),
      cmocka_unit_test(size_zero),
      cmocka_unit_test(sized_frees_take_what_was_asked_for),
  };
  return cmocka_run_group_tests_name("preload content", tests, NULL, NULL);
}
