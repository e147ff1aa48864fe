// A thousand objects of 64 bytes are allocated, then freed in an order, which is the variant: lifo, fifo or random.
#include "workload.h"

#define BATCH 1000
#define OBJECT_SIZE 64
#define PAIRS 30000000

static unsigned order[BATCH];

static void prepare_order(void) {
  if (strcmp(variant, "lifo") != 0 && strcmp(variant, "fifo") != 0 && strcmp(variant, "random") != 0)
    die("the variant is lifo, fifo or random");
  for (unsigned i = 0; i < BATCH; i++) order[i] = strcmp(variant, "lifo") == 0 ? BATCH - 1 - i : i;
  if (strcmp(variant, "random") != 0) return;
  uint64_t random = random_start(0);
  for (size_t i = BATCH - 1; i > 0; i--) {
    size_t j = random_below(&random, i + 1);
    unsigned other = order[j];
    order[j] = order[i];
    order[i] = other;
  }
}

static void *body(void *argument) {
  (void)argument;
  void *objects[BATCH];
  for (size_t left = share_of(PAIRS) / BATCH + 1; left > 0; left--) {
    for (size_t i = 0; i < BATCH; i++) objects[i] = allocate(OBJECT_SIZE);
    for (size_t i = 0; i < BATCH; i++) deallocate(objects[order[i]], OBJECT_SIZE);
  }
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  prepare_order();
  threads_run(body);
  return 0;
}
