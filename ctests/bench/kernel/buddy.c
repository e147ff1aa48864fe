// Binary buddies: blocks of 16 bytes times a power of two, split and joined in halves. A byte for each 16 bytes tells
// of the block that starts there whether it is free, and how large.
#include "heap.h"

enum { UNIT_LOG = 4, ORDERS = 32, FREE = 0x80 };

struct block {
  struct block *next, **link;
};

static struct block *lists[ORDERS];
static char *base;
static size_t units;
static unsigned char *states;

static size_t unit_of(const void *block) { return (size_t)((const char *)block - base) >> UNIT_LOG; }
static void *block_at(size_t unit) { return base + (unit << UNIT_LOG); }

static void insert(size_t unit, unsigned order) {
  struct block *block = block_at(unit);
  block->next = lists[order];
  block->link = &lists[order];
  if (block->next != NULL) block->next->link = &block->next;
  lists[order] = block;
  states[unit] = (unsigned char)(FREE | order);
}

static void take_out(struct block *block) {
  *block->link = block->next;
  if (block->next != NULL) block->next->link = block->link;
  states[unit_of(block)] = 0;
}

static void start(void *memory, size_t size) {
  __builtin_memset(lists, 0, sizeof lists);
  units = size / 17; // 16 bytes and their state
  unsigned order = 63 - (unsigned)__builtin_clzl(units);
  units = (size_t)1 << order;
  base = memory;
  states = (unsigned char *)memory + (units << UNIT_LOG);
  __builtin_memset(states, 0, units);
  insert(0, order);
}

static unsigned order_of(size_t size) {
  return size <= 1 << UNIT_LOG ? 0 : 64 - (unsigned)__builtin_clzl(size - 1) - UNIT_LOG;
}

static void *allocate(size_t size) {
  unsigned wanted = order_of(size), order = wanted;
  while (order < ORDERS && lists[order] == NULL) order++;
  if (order == ORDERS) return NULL;
  struct block *block = lists[order];
  take_out(block);
  size_t unit = unit_of(block);
  while (order-- > wanted) insert(unit + ((size_t)1 << order), order);
  return block;
}

static void deallocate(void *object, size_t size) {
  unsigned order = order_of(size);
  size_t unit = unit_of(object);
  for (; (size_t)1 << order < units; order++) {
    size_t buddy = unit ^ (size_t)1 << order;
    if (states[buddy] != (FREE | order)) break;
    take_out(block_at(buddy));
    unit &= buddy;
  }
  insert(unit, order);
}

const struct heap buddy = {"buddy", start, allocate, deallocate};
