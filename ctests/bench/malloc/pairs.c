// An object is allocated and freed at once, over and over: the shortest path of an allocator. The variant is its size.
#include "workload.h"

#define PAIRS 40000000

static size_t size;

static void *body(void *argument) {
  (void)argument;
  for (size_t left = share_of(PAIRS); left > 0; left--) deallocate(allocate(size), size);
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  size = strtoul(variant, NULL, 10);
  if (size < STAMP_SIZE) die("the variant is a size of at least 8");
  threads_run(body);
  return 0;
}
