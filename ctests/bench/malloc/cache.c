// False sharing, after E. Berger et al., "Hoard: A Scalable Memory Allocator for Multithreaded Applications" (ASPLOS
// 2000). Each thread allocates a small object, writes it very often and frees it. Variants:
//   thrash   does the allocator give two threads objects of one cache line? (active)
//   scratch  the same, but first each thread frees an object that the main thread allocated beside those of the others
//            (passive)
#include "workload.h"

#define OBJECT_SIZE 8
#define ROUNDS 25000
#define WRITES 10000

static void *given[THREADS_MAX];

static void *write_often(void *argument) {
  uintptr_t number = (uintptr_t)argument;
  if (given[number] != NULL) deallocate(given[number], OBJECT_SIZE);
  for (size_t left = share_of(ROUNDS); left > 0; left--) {
    void *object = allocate(OBJECT_SIZE);
    volatile unsigned char *bytes = object;
    for (size_t i = 0; i < WRITES; i++)
      for (size_t j = 0; j < OBJECT_SIZE; j++) bytes[j]++;
    // Each byte was counted up as often: take it off again, and the stamp is back.
    for (size_t j = 0; j < OBJECT_SIZE; j++) bytes[j] = (unsigned char)(bytes[j] - (unsigned char)(WRITES & 0xFF));
    deallocate(object, OBJECT_SIZE);
  }
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  if (strcmp(variant, "scratch") == 0)
    for (unsigned i = 0; i < thread_count; i++) given[i] = allocate(OBJECT_SIZE);
  else if (strcmp(variant, "thrash") != 0) die("the variant is scratch or thrash");
  threads_run(write_often);
  return 0;
}
