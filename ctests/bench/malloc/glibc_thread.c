// After glibc's benchtests/bench-malloc-thread: each thread replaces random objects of a working set of its own; the
// sizes are between 8 bytes and 32 KiB, and the larger the fewer.
#include "workload.h"

#define WORKING_SET 1024
#define SIZES 65536
#define REPLACEMENTS 24000000

static unsigned sizes[SIZES];

static void *body(void *argument) {
  uint64_t random = random_start(1 + (uintptr_t)argument);
  slot slots[WORKING_SET] = {0};
  for (size_t left = share_of(REPLACEMENTS); left > 0; left--)
    slot_replace(&slots[random_below(&random, WORKING_SET)], sizes[random_below(&random, SIZES)]);
  slots_clear(slots, WORKING_SET);
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  // 1 / x for an even x: the density falls with the square of the size.
  uint64_t random = random_start(0);
  for (size_t i = 0; i < SIZES; i++) sizes[i] = (unsigned)(32768 / random_between(&random, 1, 4096));
  threads_run(body);
  return 0;
}
