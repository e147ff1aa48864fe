/* A misuse handler that writes down what it gets, and returns. */
#ifndef PROCESS_MISUSE_H
#define PROCESS_MISUSE_H

#include "process_profile.h"

#include <pthread.h>

typedef struct misuse_log {
  pthread_mutex_t lock;
  size_t count;
  size_t of_kind[32]; /* by the status, without its sign */
  slm_misuse last;
  void *context;
} misuse_log;

static misuse_log misuses = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void record_misuse(void *context, const slm_misuse *misuse) {
  pthread_mutex_lock(&misuses.lock);
  misuses.count++;
  misuses.of_kind[-misuse->kind % 32]++;
  misuses.last = *misuse;
  misuses.context = context;
  pthread_mutex_unlock(&misuses.lock);
}

/** How many there were of a kind. */
static inline size_t misuses_of(slm_status kind) { return misuses.of_kind[-kind % 32]; }

/** Set-up and tear-down of a test that misuses. */
static inline int catch_misuse(void **state) {
  (void)state;
  misuses.count = 0;
  memset(misuses.of_kind, 0, sizeof misuses.of_kind);
  slm_process_set_misuse_handler((slm_misuse_handler){record_misuse, &misuses});
  return 0;
}

static inline int release_misuse(void **state) {
  (void)state;
  slm_process_set_misuse_handler((slm_misuse_handler){NULL, NULL});
  return 0;
}

#define misuse_test(f) cmocka_unit_test_setup_teardown(f, catch_misuse, release_misuse)

static inline void misuse_check(size_t before, slm_status kind, const void *pointer, size_t slot_size, const char *code,
                                const char *file, int line) {
  const slm_misuse *last = &misuses.last;
  if (misuses.count == before + 1 && last->struct_size == sizeof *last && last->kind == kind &&
      last->pointer == pointer && last->slot_size == slot_size && misuses.context == &misuses)
    return;
  print_error("%s\nshould be %s of %p, slot size %zu; %zu reported, the last: %s of %p, slot size %zu\n", code,
              slm_status_name(kind), pointer, slot_size, misuses.count - before, slm_status_name(last->kind),
              last->pointer, (size_t)last->slot_size);
  _fail(file, line);
}

/** The statement is reported once, with these fields. */
#define assert_misuse(kind, pointer, slot_size, statement)                                                             \
  do {                                                                                                                 \
    size_t misuse_before = misuses.count;                                                                              \
    statement;                                                                                                         \
    misuse_check(misuse_before, (kind), (pointer), (slot_size), #statement, __FILE__, __LINE__);                       \
  } while (0)

/** Statuses for an object that was freed: the second, if its memory went back with it and is now nobody's. */
static inline bool is_freed(slm_status status) {
  return status == SLM_ERR_DOUBLE_FREE || status == SLM_ERR_FOREIGN_POINTER;
}

/** The statement is reported once, as one about a freed object. Where its slab went too, the pointer is in no class
 * now, or in that of the slab that has the memory. */
#define assert_freed(freed, slot, statement)                                                                           \
  do {                                                                                                                 \
    size_t freed_before = misuses.count;                                                                               \
    statement;                                                                                                         \
    size_t freed_slot = misuses.count > freed_before ? misuses.last.slot_size : (slot);                                \
    slm_status freed_kind = is_freed(misuses.last.kind) ? misuses.last.kind : SLM_ERR_DOUBLE_FREE;                     \
    misuse_check(freed_before, freed_kind, (freed), freed_slot, #statement, __FILE__, __LINE__);                       \
  } while (0)

/** Every process function that takes a pointer reports this one, and does nothing. */
static inline void reported_everywhere(slm_status kind, void *pointer, size_t slot_size) {
  assert_misuse(kind, pointer, slot_size, slm_free(pointer));
  assert_misuse(kind, pointer, slot_size, slm_free_sized(pointer, 40));
  assert_misuse(kind, pointer, slot_size, slm_free_aligned_sized(pointer, 16, 40));
  assert_misuse(kind, pointer, slot_size, assert_int_equal(slm_usable_size(pointer), 0));
  assert_misuse(kind, pointer, slot_size, assert_null(slm_realloc(pointer, 41)));
  assert_misuse(kind, pointer, slot_size, assert_null(slm_realloc(pointer, 3000)));
  assert_misuse(kind, pointer, slot_size, assert_null(slm_realloc(pointer, 1000000)));
  assert_misuse(kind, pointer, slot_size, assert_null(slm_realloc(pointer, 0)));
}

#endif
