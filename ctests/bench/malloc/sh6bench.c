// After the description of MicroQuill's SmartHeap benchmark SHBench 6 (in the README of mimalloc-bench): objects of 8
// to 1000 bytes, small ones more often, most freed in LIFO order, others in FIFO order, and a few live on.
#include "workload.h"

#define OBJECTS 4000
#define PASSES 60
#define SIZE_MAX_USED 1000

static size_t fill(slot *slots, size_t count, size_t size, size_t add) {
  for (; add > 0 && count < OBJECTS; add--) slot_fill(&slots[count++], size);
  return count;
}

// Half goes in LIFO order from the end, a quarter in FIFO order from the start; what is left moves to the start.
static size_t thin(slot *slots, size_t count) {
  for (size_t i = count; i > count / 2; i--) slot_clear(&slots[i - 1]);
  for (size_t i = 0; i < count / 4; i++) slot_clear(&slots[i]);
  size_t kept = count / 2 - count / 4;
  memmove(slots, slots + count / 4, kept * sizeof *slots);
  return kept;
}

static void *body(void *argument) {
  (void)argument;
  slot *slots = calloc(OBJECTS, sizeof *slots);
  if (slots == NULL) die("out of memory");
  size_t count = 0;
  for (size_t pass = share_of(PASSES); pass > 0; pass--) {
    for (size_t size = STAMP_SIZE; size <= SIZE_MAX_USED; size++) {
      // Small sizes come in long runs, large ones in short ones.
      size_t run = 20 * SIZE_MAX_USED / (size + 20);
      for (size_t i = 0; i < 5; i++) {
        count = fill(slots, count, size, run);
        if (count == OBJECTS) count = thin(slots, count);
      }
    }
  }
  slots_clear(slots, count);
  free(slots);
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  threads_run(body);
  return 0;
}
