// The first heap of many kernels: free blocks in a list by address, first fit, neighbours joined when freed.
#include "heap.h"

struct block {
  size_t size; // of the whole block
  struct block *next;
};
#define UNIT sizeof(struct block)

static struct block first; // size 0, before all

static void start(void *memory, size_t size) {
  struct block *all = memory;
  *all = (struct block){size / UNIT * UNIT, NULL};
  first = (struct block){0, all};
}

// Sizes are given again when an object is freed, so objects have no header.
static size_t block_size(size_t size) { return (size + UNIT - 1) / UNIT * UNIT; }

static void *allocate(size_t size) {
  size = block_size(size);
  for (struct block *before = &first, *block = first.next; block != NULL; before = block, block = block->next) {
    if (block->size < size) continue;
    if (block->size == size) {
      before->next = block->next;
    } else {
      struct block *rest = (struct block *)((char *)block + size);
      *rest = (struct block){block->size - size, block->next};
      before->next = rest;
    }
    return block;
  }
  return NULL;
}

static void deallocate(void *object, size_t size) {
  struct block *before = &first, *block = object;
  while (before->next != NULL && before->next < block) before = before->next;
  *block = (struct block){block_size(size), before->next};
  if ((char *)block + block->size == (char *)block->next) {
    *block = (struct block){block->size + block->next->size, block->next->next};
  }
  before->next = block;
  if ((char *)before + before->size == (char *)block) {
    *before = (struct block){before->size + block->size, block->next};
  }
}

const struct heap linked_list = {"linked list", start, allocate, deallocate};
