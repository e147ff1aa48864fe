// After alloc-test (OLogN Technologies, "Testing Memory Allocators: ptmalloc2 vs tcmalloc vs hoard vs jemalloc While
// Trying to Simulate Real-World Loads", 2018): random replacement in a live set where few places change often and most
// seldom (Pareto), with Zipf-distributed sizes. Each object is written as a whole.
#include "workload.h"

#define OBJECTS 32768
#define REPLACEMENTS 5000000
#define SIZES 65536
#define SIZE_STEP 16
#define SIZE_STEPS 256

static unsigned sizes[SIZES];

// The k-th size of all is drawn with a weight of 1 / k.
static void prepare_sizes(void) {
  double sums[SIZE_STEPS], sum = 0;
  for (size_t i = 0; i < SIZE_STEPS; i++) sums[i] = sum += 1.0 / (double)(i + 1);
  uint64_t random = random_start(0);
  for (size_t i = 0; i < SIZES; i++) {
    double drawn = sum * (double)random_below(&random, 1 << 30) / (1 << 30);
    size_t step = 0;
    while (step < SIZE_STEPS - 1 && sums[step] <= drawn) step++;
    sizes[i] = (unsigned)(step + 1) * SIZE_STEP;
  }
}

// Four of five times in the first fifth of the places, and within it the same again.
static size_t random_place(uint64_t *random, size_t count) {
  size_t limit = count;
  while (limit > 5 && random_below(random, 5) != 0) limit /= 5;
  return random_below(random, limit);
}

static void *body(void *argument) {
  uint64_t random = random_start(1 + (uintptr_t)argument);
  size_t count = OBJECTS / thread_count;
  slot *slots = calloc(count, sizeof *slots);
  if (slots == NULL) die("out of memory");
  for (size_t left = share_of(REPLACEMENTS) * 2; left > 0; left--) {
    slot *slot = &slots[random_place(&random, count)];
    if (slot->size != 0) {
      slot_clear(slot);
    } else {
      slot_fill(slot, sizes[random_below(&random, SIZES)]);
      memset((char *)slot->object + STAMP_SIZE, (int)slot->size, slot->size - STAMP_SIZE);
      stamp(slot->object, slot->size);
    }
  }
  slots_clear(slots, count);
  free(slots);
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  prepare_sizes();
  threads_run(body);
  return 0;
}
