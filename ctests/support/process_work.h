/* Random work with the process functions, in which everything an object holds is checked before the object goes. */
#ifndef PROCESS_WORK_H
#define PROCESS_WORK_H

#include "process_sizes.h"

enum { WORK_OBJECTS = 400 };

typedef struct work_object {
  unsigned char *memory;
  size_t size, alignment;
  uint64_t id; /* of its pattern */
} work_object;

/** Mostly small sizes, some of every class, a few of large objects. */
static inline size_t work_size(uint64_t *random) {
  static const size_t limits[] = {64, 128, 128, 256, 512, 512, 2048, 2048, 9000, 9000, 60000, SLM_MAX_SIZE, MIB};
  return random_below(random, limits[random_below(random, random_below(random, 8) == 0 ? COUNT_OF(limits) : 8)] + 1);
}

/** Of a large object, the ends. */
static inline size_t work_allocate(work_object *object, uint64_t *random) {
  size_t size = work_size(random), dice = random_below(random, 16), faults = 0;
  *object = (work_object){NULL, size, 0, random_next(random)};
  if (dice == 0) {
    object->alignment = (size_t)1 << random_below(random, 14);
    object->memory = slm_aligned_alloc(object->alignment, size);
    faults += (uintptr_t)object->memory % object->alignment != 0;
  } else if (dice < 4) {
    object->memory = slm_calloc(size, 1);
    faults += object->memory != NULL && !bytes_are(object->memory, size, 0);
  } else {
    object->memory = dice < 6 ? slm_realloc(NULL, size) : slm_malloc(size);
  }
  if (object->memory == NULL) return faults + 1;
  faults += (uintptr_t)object->memory % 16 != 0 || slm_usable_size(object->memory) < size;
  pattern_fill_ends(object->memory, size, object->id);
  return faults;
}

static inline size_t work_free(work_object *object, uint64_t *random) {
  if (object->memory == NULL) return 0;
  size_t faults = !pattern_ends_hold(object->memory, object->size, object->id);
  if (random_below(random, 2) == 0) slm_free(object->memory);
  else if (object->alignment != 0) slm_free_aligned_sized(object->memory, object->alignment, object->size);
  else slm_free_sized(object->memory, object->size);
  object->memory = NULL;
  return faults;
}

static inline size_t work_reallocate(work_object *object, uint64_t *random) {
  size_t size = 1 + work_size(random), kept = size < object->size ? size : object->size;
  if (object->size > 2 * PATTERN_END && kept > PATTERN_END)
    kept = PATTERN_END; /* the start of a big object's pattern */
  size_t faults = !pattern_ends_hold(object->memory, object->size, object->id);
  unsigned char *moved = slm_realloc(object->memory, size);
  if (moved == NULL) return faults + 1;
  faults += !pattern_holds(moved, kept, object->id);
  *object = (work_object){moved, size, 0, object->id};
  pattern_fill_ends(moved, size, object->id);
  return faults;
}

/** Works; all is freed at the end. Returns how often something was wrong; any thread may call it. */
static inline size_t work(uint64_t seed, size_t steps) {
  work_object objects[WORK_OBJECTS];
  size_t faults = 0;
  memset(objects, 0, sizeof objects);
  for (size_t i = 0; i < steps; i++) {
    work_object *object = &objects[random_below(&seed, WORK_OBJECTS)];
    if (object->memory == NULL) faults += work_allocate(object, &seed);
    else if (random_below(&seed, 4) == 0) faults += work_reallocate(object, &seed);
    else faults += work_free(object, &seed);
  }
  for (size_t i = 0; i < WORK_OBJECTS; i++) faults += work_free(&objects[i], &seed);
  return faults;
}

#endif
