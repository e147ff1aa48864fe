// After glibc's benchtests/bench-malloc-simple: 25, 100, 400 and 1600 objects of one size are allocated, then freed, by
// a program without threads.
#include "workload.h"

#define OBJECTS_MAX 1600
#define OBJECTS_EACH 1000000

int main(int argc, char **argv) {
  workload_start(argc, argv);
  static void *objects[OBJECTS_MAX];
  static const size_t sizes[] = {8, 16, 32, 64, 128, 256, 512, 1024};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (size_t count = 25; count <= OBJECTS_MAX; count *= 4) {
      for (size_t left = share_of(OBJECTS_EACH) / count + 1; left > 0; left--) {
        for (size_t j = 0; j < count; j++) objects[j] = allocate(sizes[i]);
        for (size_t j = 0; j < count; j++) deallocate(objects[j], sizes[i]);
      }
    }
  }
  return 0;
}
