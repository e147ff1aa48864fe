/* Freed objects that their former owner goes on writing to: the allocator neither minds nor loses track. A hardened one
 * tells of a slot that was written to instead of handing it out. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"
#include "../support/process_threads.h"
#include "../support/process_work.h"

enum { LIMIT = 2000 };
static unsigned char *objects[LIMIT], *again[LIMIT];

/** Writes all of a freed object: bytes, or addresses that an allocator might follow. */
static void scribble(unsigned char *object, size_t size, size_t how) {
  switch (how % 4) {
  case 0:
    memset(object, 0xFF, size);
    return;
  case 1:
    memset(object, 0, size);
    return;
  case 2: /* points to itself, and to the next */
    for (size_t at = 0; at + 8 <= size; at += 8) {
      uintptr_t address = (uintptr_t)object + (at % 16 == 0 ? 0 : size);
      memcpy(object + at, &address, 8);
    }
    return;
  default:
    pattern_fill(object, size, how);
  }
}

/** Enough objects to need a few slabs. */
static size_t enough(size_t size) { return size <= 512 ? LIMIT : size <= 8192 ? 300 : 40; }

static void allocate_all(unsigned char **out, size_t count, size_t size) {
  for (size_t i = 0; i < count; i++) {
    out[i] = i % 4 == 3 ? slm_calloc(1, size) : slm_malloc(size);
    assert_non_null(out[i]);
    if (i % 4 == 3) assert_true(bytes_are(out[i], size, 0));
    pattern_fill(out[i], size, i);
  }
}

static void free_all(unsigned char **of, size_t count, size_t size) {
  for (size_t i = 0; i < count; i++) {
    assert_true(pattern_holds(of[i], size, i));
    slm_free_sized(of[i], size);
  }
}

/** A hardened process has found such writes, and no others, and each of the others none. */
static void check_reports(size_t at_least) {
  if (is_hardened()) assert_true(misuses_of(SLM_ERR_WRITE_AFTER_FREE) >= at_least);
  else assert_int_equal(misuses_of(SLM_ERR_WRITE_AFTER_FREE), 0);
  assert_int_equal(misuses_of(SLM_ERR_OVERFLOW), 0);
}

static void over_every_class(void **state) {
  (void)state;
  size_t sizes[EDGES], classes = class_sizes(sizes);
  retain_everything(); /* freed memory stays mapped */
  for (size_t i = 0; i < classes; i++) {
    size_t size = sizes[i], count = enough(size);
    for (size_t how = 0; how < 4; how++) {
      allocate_all(objects, count, size);
      for (size_t j = 0; j < count; j++) {
        slm_free(objects[j]);
        if (j % 2 == 0) scribble(objects[j], size, how);
      }
      for (size_t j = 0; j < count; j++) scribble(objects[j], size, how + j);
      for (size_t j = 0; j < count; j += 5) /* still known to be free */
        assert_freed(objects[j], size, slm_free(objects[j]));
      allocate_all(again, count, size);
      assert_disjoint((void *const *)again, count, size);
      free_all(again, count, size);
    }
  }
  check_process_books();
  assert_int_equal(work(1, 50000), 0);
  check_reports(classes);
}

/** What it held is there when it is freed; a hardened process clears it. */
static bool is_as_freed(const unsigned char *object, size_t size, uint64_t id) {
  return is_hardened() ? bytes_are(object, size, 0) : pattern_holds(object, size, id);
}

/** What is written to a freed object stays, until the memory is handed out again: the allocator keeps nothing there. */
static void freed_memory_is_not_written(void **state) {
  (void)state;
  size_t sizes[EDGES], classes = class_sizes(sizes);
  retain_everything();
  for (size_t i = 0; i < classes; i++) {
    size_t size = sizes[i], count = enough(size);
    load others = {(void **)again, count, size};
    allocate_all(objects, count, size);
    on_thread(allocate_load, &others);
    for (size_t j = 0; j < count; j++) {
      slm_free(objects[j]);
      assert_true(is_as_freed(objects[j], size, j));
      pattern_fill(objects[j], size, LIMIT + j);
      slm_free(again[j]); /* of a thread that has ended */
      assert_true(is_as_freed(again[j], size, j));
      pattern_fill(again[j], size, 2 * LIMIT + j);
    }
    assert_freed(objects[0], size, slm_free(objects[0]));
    for (size_t j = 0; j < count; j++) {
      assert_true(pattern_holds(objects[j], size, LIMIT + j));
      assert_true(pattern_holds(again[j], size, 2 * LIMIT + j));
    }
  }
}

static void between_live_objects(void **state) {
  (void)state;
  size_t sizes[EDGES], classes = class_sizes(sizes);
  retain_everything();
  for (size_t i = 0; i < classes; i++) {
    size_t size = sizes[i], count = enough(size);
    allocate_all(objects, count, size);
    for (size_t j = 0; j < count; j += 2) slm_free(objects[j]);
    for (size_t j = 0; j < count; j += 2) scribble(objects[j], size, i + j);
    allocate_all(again, count, size);
    for (size_t j = 1; j < count; j += 2) {
      assert_true(pattern_holds(objects[j], size, j));
      slm_free_sized(objects[j], size);
      scribble(objects[j], size, i + j);
    }
    free_all(again, count, size);
  }
  check_process_books();
  assert_int_equal(work(2, 50000), 0);
  check_reports(classes);
}

static void *free_and_scribble(void *argument) {
  load *l = argument;
  for (size_t i = 0; i < l->count; i++) {
    slm_free(l->objects[i]);
    scribble(l->objects[i], l->size, i);
  }
  return NULL;
}

static void over_remotely_freed_objects(void **state) {
  (void)state;
  size_t sizes[EDGES], classes = class_sizes(sizes);
  retain_everything();
  for (size_t i = 0; i < classes; i++) {
    size_t size = sizes[i], count = enough(size);
    load l = {(void **)objects, count, size};
    allocate_all(objects, count, size);
    on_thread(free_and_scribble, &l);
    for (size_t j = 0; j < count; j++) scribble(objects[j], size, i + j);
    assert_freed(objects[count / 2], size, slm_free(objects[count / 2]));
    allocate_all(again, count, size);
    assert_disjoint((void *const *)again, count, size);
    free_all(again, count, size);
  }
  check_process_books();
  assert_int_equal(work(3, 50000), 0);
  check_reports(classes);
}

/** Neither can be read nor written: the system says so, where the program would end. */
static bool is_out_of_reach(const void *memory) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  bool is_refused = write(ends[1], memory, 1) < 0 && errno == EFAULT;
  close(ends[0]);
  close(ends[1]);
  return is_refused;
}

/** A hardened process puts a large object that is freed out of reach, all of it. */
static void large_objects_are_out_of_reach(void **state) {
  (void)state;
  if (!is_hardened()) skip(); /* see over_large_objects */
  for (size_t size = SLM_MAX_SIZE + 1; size < 9 * MIB; size = size * 2 + 5) {
    allocate_all(objects, 12, size);
    for (size_t i = 0; i < 12; i++) {
      assert_false(is_out_of_reach(objects[i]));
      slm_free(objects[i]);
      for (size_t at = 0; at < size; at += 4096) assert_true(is_out_of_reach(objects[i] + at));
      assert_true(is_out_of_reach(objects[i] + size - 1));
    }
  }
}

static void over_large_objects(void **state) {
  (void)state;
  if (is_hardened()) skip(); /* they can't be written to, see large_objects_are_out_of_reach */
  enum { COUNT = 12 };
  retain_everything();
  for (size_t how = 0; how < 8; how++) {
    for (size_t size = SLM_MAX_SIZE + 1; size < 3 * MIB; size = size * 2 + 5) {
      allocate_all(objects, COUNT, size);
      for (size_t i = 0; i < COUNT; i++) slm_free(objects[i]);
      for (size_t i = 0; i < COUNT; i++) scribble(objects[i], size, how + i);
      allocate_all(again, COUNT, size);
      assert_disjoint((void *const *)again, COUNT, size);
      free_all(again, COUNT, size);
    }
    check_process_books();
    assert_int_equal(work(how, 5000), 0);
  }
}

static void over_objects_of_a_heap(void **state) {
  (void)state;
  retain_everything();
  size_t before = misuses_of(SLM_ERR_WRITE_AFTER_FREE);
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_non_null(heap);
  for (size_t size = 16; size < 60000; size = size * 3 + 16) {
    for (size_t how = 0; how < 4; how++) {
      for (size_t i = 0; i < 200; i++) assert_non_null(objects[i] = slm_heap_allocate(heap, size));
      for (size_t i = 0; i < 200; i++) assert_ok(slm_heap_deallocate(heap, objects[i]));
      for (size_t i = 0; i < 200; i++) scribble(objects[i], size, how);
      assert_true(is_freed(slm_heap_deallocate(heap, objects[7])));
      for (size_t i = 0; i < 200; i++) {
        assert_non_null(again[i] = slm_heap_allocate(heap, size));
        pattern_fill(again[i], size, i);
      }
      for (size_t i = 0; i < 200; i++) assert_true(pattern_holds(again[i], size, i));
      for (size_t i = 0; i < 200; i++) assert_ok(slm_heap_deallocate(heap, again[i]));
    }
  }
  size_t live = 1;
  assert_ok(slm_heap_destroy(heap, &live));
  assert_int_equal(live, misuses_of(SLM_ERR_WRITE_AFTER_FREE) - before); /* slots that nobody got */
  assert_int_equal(work(4, 50000), 0);
  check_reports(1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(over_every_class),
      misuse_test(freed_memory_is_not_written),
      misuse_test(between_live_objects),
      misuse_test(over_remotely_freed_objects),
      misuse_test(large_objects_are_out_of_reach),
      misuse_test(over_large_objects),
      misuse_test(over_objects_of_a_heap),
  };
  return cmocka_run_group_tests_name("slm_malloc writes after free", tests, NULL, NULL);
}
