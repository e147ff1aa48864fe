/* The ledger of the process's memory, and whether it balances. Only for moments when no other thread allocates. */
#ifndef PROCESS_BOOKS_H
#define PROCESS_BOOKS_H

#include "process_sizes.h"

#define HEAP_PAGE ((size_t)65536)

static inline slm_process_usage process_statistics(void) {
  slm_process_usage out = {.struct_size = sizeof out};
  assert_ok(slm_process_statistics(&out));
  return out;
}

static inline slm_class_statistics process_class(size_t index) {
  slm_class_statistics out = {.struct_size = sizeof out};
  assert_ok(slm_process_class_statistics(index, &out));
  return out;
}

/** The class whose slots have objects of this size. */
static inline slm_class_statistics process_class_of(size_t size) {
  size_t slot_size = size + canary_size();
  uint32_t count = process_statistics().class_count;
  for (uint32_t i = 0; i < count; i++)
    if (process_class(i).slot_size == slot_size) return process_class(i);
  fail_msg("no class of %zu bytes", slot_size);
  return (slm_class_statistics){0};
}

/** Bytes in slabs and in large objects. */
static inline uint64_t process_bytes_used(void) {
  slm_process_usage now = process_statistics();
  return now.bytes_slabs + now.bytes_large;
}

/** A hardened process has a guard page behind each slab and large object. */
static inline uint64_t guard_bytes(void) { return is_hardened() ? HEAP_PAGE : 0; }

static inline uint64_t bytes_of_slab(const slm_class_statistics *class) { return class->page_size + guard_bytes(); }

/** One slab of each class: what a heap may keep when it has nothing live. */
static inline uint64_t slab_of_each_class(void) {
  uint64_t bytes = 0;
  uint32_t count = process_statistics().class_count;
  for (uint32_t i = 0; i < count; i++) {
    slm_class_statistics class = process_class(i);
    bytes += bytes_of_slab(&class);
  }
  return bytes;
}

/** Bytes that a large object has in the ledger: whole pages of the heaps. */
static inline uint64_t large_bytes(const void *object) {
  return round_up(slm_usable_size(object), HEAP_PAGE) + guard_bytes();
}

/** Allocates with an alignment. Tells the slot's size; 0 for a page run, which an object may also get for its
 * alignment. */
static inline void *allocate_aligned(size_t alignment, size_t size, size_t *slot) {
  uint64_t large = process_statistics().large_live;
  void *object = slm_aligned_alloc(alignment, size);
  assert_non_null(object);
  *slot = process_statistics().large_live == large ? slm_usable_size(object) + canary_size() : 0;
  return object;
}

/** The equations of the header hold. Returns the ledger. */
static inline slm_process_usage check_process_books(void) {
  slm_process_usage now = process_statistics();
  uint64_t slabs = 0, most = 0;
  uint32_t last = 0;
  for (uint32_t i = 0; i < now.class_count; i++) {
    slm_class_statistics class = process_class(i);
    assert_true(class.slot_size > last);
    last = class.slot_size;
    assert_int_equal(class.empty_pages, 0);
    assert_true(class.slots_live <= class.pages * class.slots_per_page);
    if (class.pages > 0) assert_true(class.slots_per_page * class.slot_size <= class.page_size);
    slabs += class.pages;
    most += class.pages * bytes_of_slab(&class);
  }
  /* The first slabs of a heap have fewer pages than those that follow, but in profile hardened. */
  assert_in_range(now.bytes_slabs, is_hardened() ? most : slabs * HEAP_PAGE, most);
  assert_int_equal(now.bytes_taken - now.bytes_given_back,
                   now.bytes_slabs + now.bytes_large + now.bytes_metadata + now.bytes_retained + now.bytes_clean);
  assert_true(now.bytes_peak >= now.bytes_slabs + now.bytes_large);
  assert_true((now.large_live == 0) == (now.bytes_large == 0));
  return now;
}

static inline slm_process_options process_options(void) {
  slm_process_options out = {.struct_size = sizeof out};
  assert_ok(slm_process_configure(NULL, &out));
  return out;
}

/** Sets how long (milliseconds) and how much (bytes) free memory may wait. */
static inline void set_process_options(uint32_t purge_delay, uint64_t retain) {
  slm_process_options options = process_options();
  options.purge_delay = purge_delay;
  options.retain = retain;
  assert_ok(slm_process_configure(&options, NULL));
}

/** Free memory stays as it is until slm_process_purge(). */
static inline void retain_everything(void) { set_process_options(3600000, UINT64_C(1) << 40); }

/** What the process used and held after a round, for the rounds that follow. */
typedef struct process_level {
  uint64_t used, held;
} process_level;

/** The equations hold, no large object is left, and from the fifth round on the process uses no more than after it, and
 *  holds at most 16 MiB more. Rounds count from 0. */
static inline void check_process_level(process_level *level, int round) {
  slm_process_usage now = check_process_books();
  uint64_t used = now.bytes_slabs + now.bytes_large, held = now.bytes_taken - now.bytes_given_back;
  if (round == 4) *level = (process_level){used, held};
  if (round > 4) {
    assert_true(used <= level->used);
    assert_true(held <= level->held + (UINT64_C(16) << 20));
  }
  assert_int_equal(now.large_live, 0);
}

#endif
