/* Writes to freed memory don't reach the allocator: it hands out good objects all the same, apart from each other and
 * with the content their owners gave them. */
#include "../support/preload.h"

enum { COUNT = 200, LIVE = 300 };

/** What is written: all ones, which no pointer or count survives; noise; or what looks like a pointer to an object. */
typedef enum scribble { ONES, NOISE, POINTERS, SCRIBBLES } scribble;

static void scribble_over(unsigned char *memory, size_t size, scribble kind, uint64_t *random, void *live) {
  if (kind == ONES) memset(memory, 0xFF, size);
  for (size_t at = 0; kind != ONES && at + 8 <= size; at += 8) {
    uint64_t word = kind == NOISE ? random_next(random) : (uintptr_t)live + random_below(random, 64);
    memcpy(memory + at, &word, 8);
  }
}

/** Frees count objects of a size, writes over each, and goes on. Objects that live all the time keep their content. */
static void write_after_free(size_t size, size_t count, scribble kind, uint64_t *random) {
  unsigned char *freed[COUNT], *live[LIVE], *next[COUNT];
  size_t live_count = size > 100000 ? 4 : LIVE, usable = 0;
  for (size_t i = 0; i < live_count; i++) {
    assert_non_null(live[i] = malloc(size));
    pattern_fill(live[i], size, i);
    if (i < count) assert_non_null(freed[i] = malloc(size));
  }
  if (count > live_count) count = live_count;
  for (size_t round = 0; round < 3; round++) {
    for (size_t i = 0; i < count; i++) {
      usable = malloc_usable_size(freed[i]);
      free(freed[i]);
      scribble_over(opaque(freed[i]), usable, kind, random, live[0]);
    }
    for (size_t i = 0; i < count; i++) {
      assert_non_null(next[i] = round == 1 ? calloc(1, size) : round == 2 ? memalign(32, size) : malloc(size));
      if (round == 1) assert_true(bytes_are(next[i], size, 0));
      pattern_fill(next[i], size, 1000 + i);
    }
    assert_disjoint((void **)next, count, size);
    for (size_t i = 0; i < live_count; i++) assert_true(pattern_holds(live[i], size, i));
    for (size_t i = 0; i < count; i++) {
      assert_true(pattern_holds(next[i], size, 1000 + i));
      freed[i] = next[i];
    }
  }
  for (size_t i = 0; i < count; i++) free(freed[i]);
  for (size_t i = 0; i < live_count; i++) free(live[i]);
}

static void every_size_class(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  for (scribble kind = ONES; kind < SCRIBBLES; kind++) {
    for (size_t size = 1; size <= 140000; size += size / 8 + 1)
      write_after_free(size, size > 20000 ? 20 : COUNT, kind, &random);
  }
}

/** Of a large object the memory may be given back at once, but stays mapped for a while. */
static void large_objects(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  for (scribble kind = ONES; kind < SCRIBBLES; kind++)
    for (size_t size = 150000; size <= 3 * MIB; size *= 2) write_after_free(size, 3, kind, &random);
}

typedef struct batch {
  unsigned char *objects[COUNT];
  size_t size;
} batch;

static void *free_and_scribble(void *argument) {
  batch *b = argument;
  for (size_t i = 0; i < COUNT; i++) {
    size_t usable = malloc_usable_size(b->objects[i]);
    free(b->objects[i]);
    memset(opaque(b->objects[i]), 0xFF, usable);
  }
  return NULL;
}

/** Where another thread freed, the object is on its way home when it is written to. */
static void objects_freed_by_another_thread(void **state) {
  (void)state;
  for (size_t size = 16; size <= 70000; size *= 2) {
    for (size_t round = 0; round < 3; round++) {
      static batch b;
      pthread_t thread;
      b.size = size;
      for (size_t i = 0; i < COUNT; i++) assert_non_null(b.objects[i] = malloc(size));
      start_thread(&thread, free_and_scribble, &b);
      join_thread(thread);
      void *next[2 * COUNT];
      for (size_t i = 0; i < 2 * COUNT; i++) {
        assert_non_null(next[i] = malloc(size));
        pattern_fill(next[i], size, i);
      }
      assert_disjoint(next, 2 * COUNT, size);
      for (size_t i = 0; i < 2 * COUNT; i++) {
        assert_true(pattern_holds(next[i], size, i));
        free(next[i]);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(every_size_class),
      cmocka_unit_test(large_objects),
      cmocka_unit_test(objects_freed_by_another_thread),
  };
  return cmocka_run_group_tests_name("preload write after free", tests, NULL, NULL);
}
