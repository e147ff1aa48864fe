/* The reference model: what an allocator must hold, told without one.
 *
 * A list of the live objects, and a map with a bit for each 8 bytes of the test provider's arena that some live object
 * has. An object that shares a granule with another, or that lies outside of the arena, is found at once. */
#ifndef MODEL_H
#define MODEL_H

#include "family.h"

#ifndef MODEL_LIMIT
#define MODEL_LIMIT 2000
#endif
#define MODEL_GRANULE 8

typedef struct model_object {
  unsigned char *memory;
  size_t size;      /* bytes with a pattern */
  size_t layout;    /* the size to free it by */
  size_t alignment; /* 0 if it was not asked for */
  size_t usable;
  uint64_t id; /* of its pattern */
} model_object;

typedef struct model {
  fixture f;
  uint64_t *map;
  model_object objects[MODEL_LIMIT];
  size_t count;
  uint64_t bytes;
  uint64_t next_id;
  void *last_freed;
  uint64_t seed, random;
  size_t step;
} model;

/* A fuzz target has its own. */
#ifndef MODEL_CHECK
#define MODEL_CHECK(m, condition)                                                                                      \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      print_error("step %zu of SLM_TEST_SEED=%llu: %s\n", (m)->step, (unsigned long long)(m)->seed, #condition);       \
      fail();                                                                                                          \
    }                                                                                                                  \
  } while (0)
#endif

static inline void model_open(model *m, size_t base_page_size, uint64_t seed) {
  memset(m, 0, sizeof *m);
  open_pull(&m->f, base_page_size);
  m->map = calloc(ARENA_SIZE / MODEL_GRANULE / 64, sizeof *m->map);
  assert_non_null(m->map);
  m->seed = m->random = seed;
}

static inline void model_close(model *m) {
  close_with_live(&m->f, m->count);
  free(m->map);
}

/** Turns the bits of a range over; all of them had this value before. */
static inline bool model_flip(model *m, const void *memory, size_t size, bool before) {
  size_t at = ((uintptr_t)memory - (uintptr_t)m->f.provider.arena) / MODEL_GRANULE, end = at + size / MODEL_GRANULE;
  if (end > ARENA_SIZE / MODEL_GRANULE) return false;
  while (at < end) {
    size_t bits = 64 - at % 64 < end - at ? 64 - at % 64 : end - at;
    uint64_t mask = (bits == 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1) << at % 64;
    uint64_t *word = &m->map[at / 64];
    if ((*word & mask) != (before ? mask : 0)) return false;
    *word ^= mask;
    at += bits;
  }
  return true;
}

/** Whether an object lives at an address. */
static inline bool model_is_live(const model *m, const void *memory) {
  size_t at = ((uintptr_t)memory - (uintptr_t)m->f.provider.arena) / MODEL_GRANULE;
  return at < ARENA_SIZE / MODEL_GRANULE && (m->map[at / 64] >> at % 64 & 1);
}

/** A new object; its memory is checked against all others and filled. */
static inline void model_add(model *m, void *memory, size_t alignment, size_t size) {
  model_object *object = &m->objects[m->count++];
  size_t natural = size <= 8 ? 8 : 16;
  *object = (model_object){memory, size, size, alignment, slm_zone_usable_size(m->f.zone, memory), m->next_id++};
  MODEL_CHECK(m, (uintptr_t)memory % (alignment ? alignment : natural) == 0);
  MODEL_CHECK(m, object->usable >= size && object->usable > 0 && object->usable % MODEL_GRANULE == 0);
  MODEL_CHECK(m, model_flip(m, memory, object->usable, false));
  m->bytes += object->usable + CANARY;
  pattern_fill_ends(memory, size, object->id);
}

static inline bool model_intact(model *m, const model_object *object) {
  return slm_zone_usable_size(m->f.zone, object->memory) == object->usable &&
         pattern_ends_hold(object->memory, object->size, object->id);
}

/** Takes an object off the list, after the zone has freed it. */
static inline void model_remove(model *m, size_t index) {
  model_object *object = &m->objects[index];
  MODEL_CHECK(m, model_flip(m, object->memory, object->usable, true));
  m->bytes -= object->usable + CANARY;
  m->last_freed = object->memory;
  *object = m->objects[--m->count];
}

/** The zone's own count is the model's. */
static inline void model_check_statistics(model *m) {
  slm_statistics now = statistics(&m->f);
  MODEL_CHECK(m, now.slots_live == m->count);
  MODEL_CHECK(m, now.bytes_live == m->bytes);
}

#endif
