// Two-level segregated fit, after Masmano, Ripoll, Crespo and Real, "TLSF: a New Dynamic Memory Allocator for Real-Time
// Systems" (2004): lists of free blocks by power of two and sixteenths of it, a bit for each list that isn't empty, and
// neighbours joined when freed. Every step is constant.
#include "heap.h"

enum { LEVELS = 32, PARTS_LOG = 4, PARTS = 1 << PARTS_LOG, UNIT = 16 };

struct block {
  struct block *below;        // the block before this one in memory
  size_t size;                // of the object; its lowest bit is set if it is free
  struct block *next, **link; // if it is free
};
#define HEADER offsetof(struct block, next)

static struct {
  uint32_t levels, parts[LEVELS];
  struct block *lists[LEVELS][PARTS];
} state;

static size_t object_size(const struct block *block) { return block->size & ~(size_t)1; }
static struct block *above(const struct block *block) {
  return (struct block *)((char *)block + HEADER + object_size(block));
}

struct place {
  unsigned level, part;
};
static struct place place_of(size_t size) {
  unsigned log = 63 - (unsigned)__builtin_clzl(size);
  if (log < PARTS_LOG + 4) return (struct place){0, (unsigned)(size / UNIT)}; // below 256 bytes: a list for each size
  return (struct place){log - PARTS_LOG - 3, (unsigned)(size >> (log - PARTS_LOG)) & (PARTS - 1)};
}

static void insert(struct block *block) {
  struct place place = place_of(object_size(block));
  struct block **list = &state.lists[place.level][place.part];
  block->size |= 1;
  block->next = *list;
  block->link = list;
  if (*list != NULL) (*list)->link = &block->next;
  *list = block;
  state.levels |= 1u << place.level;
  state.parts[place.level] |= 1u << place.part;
}

static void take_out(struct block *block) {
  *block->link = block->next;
  if (block->next != NULL) block->next->link = block->link;
  block->size &= ~(size_t)1;
  struct place place = place_of(block->size);
  if (state.lists[place.level][place.part] != NULL) return;
  state.parts[place.level] &= ~(1u << place.part);
  if (state.parts[place.level] == 0) state.levels &= ~(1u << place.level);
}

static void start(void *memory, size_t size) {
  __builtin_memset(&state, 0, sizeof state);
  struct block *block = memory;
  *block = (struct block){.size = size - 2 * HEADER};
  above(block)->below = block; // the end: a header alone, that is never free
  above(block)->size = 0;
  insert(block);
}

// The first list of which every block is large enough.
static struct block *find(size_t size) {
  unsigned log = 63 - (unsigned)__builtin_clzl(size);
  if (log >= PARTS_LOG + 4) size += ((size_t)1 << (log - PARTS_LOG)) - 1;
  struct place place = place_of(size);
  uint32_t parts = state.parts[place.level] & ~0u << place.part;
  if (parts == 0) {
    uint32_t levels = state.levels & ~1u << place.level;
    if (levels == 0) return NULL;
    place.level = (unsigned)__builtin_ctz(levels);
    parts = state.parts[place.level];
  }
  return state.lists[place.level][__builtin_ctz(parts)];
}

static void *allocate(size_t size) {
  size = (size + UNIT - 1) / UNIT * UNIT;
  struct block *block = find(size);
  if (block == NULL) return NULL;
  take_out(block);
  if (block->size >= size + HEADER + UNIT) {
    struct block *upper = above(block);
    size_t rest = block->size - size - HEADER;
    block->size = size;
    struct block *between = above(block);
    between->below = block;
    between->size = rest;
    upper->below = between;
    insert(between);
  }
  return &block->next;
}

static void deallocate(void *object, size_t size) {
  (void)size;
  struct block *block = (struct block *)((char *)object - HEADER), *upper = above(block);
  if ((upper->size & 1) != 0) {
    take_out(upper);
    block->size += HEADER + upper->size;
    upper = above(block);
  }
  struct block *lower = block->below;
  if (lower != NULL && (lower->size & 1) != 0) {
    take_out(lower);
    lower->size += HEADER + block->size;
    block = lower;
  }
  upper->below = block;
  insert(block);
}

const struct heap tlsf = {"TLSF", start, allocate, deallocate};
