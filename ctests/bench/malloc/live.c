// Random replacement in a set of live objects of 16 bytes to 2 KiB, whose number is the variant: what fits into the
// caches and what doesn't, and how well holes are filled again.
#include "workload.h"

#define REPLACEMENTS 10000000

static size_t count;

static size_t random_size(uint64_t *random) { return random_doubling(random, 16, 7); }

static void *body(void *argument) {
  uint64_t random = random_start((uintptr_t)argument);
  slot *slots = calloc(count, sizeof *slots);
  if (slots == NULL) die("out of memory");
  for (size_t i = 0; i < count; i++) slot_fill(&slots[i], random_size(&random));
  // The larger the set, the more cache misses: fewer replacements take as long.
  size_t weight = count < 10000 ? 1 : count < 1000000 ? 2 : 5;
  for (size_t left = share_of(REPLACEMENTS) / weight; left > 0; left--)
    slot_replace(&slots[random_below(&random, count)], random_size(&random));
  slots_clear(slots, count);
  free(slots);
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  count = strtoul(variant, NULL, 10) / thread_count;
  if (count == 0) die("the variant is a number of objects");
  threads_run(body);
  return 0;
}
