/* A program that allocates by each function of the malloc family and of C++, from two threads, and frees everything. */
#include <malloc.h>
#include <new>
#include <stdlib.h>
#include <string>
#include <thread>
#include <vector>

// Not in every C library.
extern "C" {
void cfree(void *) __attribute__((weak));
void free_sized(void *, size_t) __attribute__((weak));
void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));
}

struct alignas(64) line {
  char bytes[128];
};

static void use_c() {
  free(realloc(malloc(5), 100));
  free(calloc(5, 100));
  free(reallocarray(nullptr, 10, 10));
  free(reallocarray(malloc(5), 10, 100));
  free(memalign(64, 100));
  free(aligned_alloc(64, 128));
  free(valloc(100));
  free(pvalloc(100));
  void *object = nullptr;
  if (posix_memalign(&object, 64, 100) == 0) free(object);
  if (cfree != nullptr) cfree(malloc(10));
  if (free_sized != nullptr) free_sized(malloc(10), 10);
  if (free_aligned_sized != nullptr) free_aligned_sized(aligned_alloc(64, 128), 64, 128);
  object = malloc(10);
  if (malloc_usable_size(object) < 10) exit(1);
  free(object);
  free(malloc(1000000));
  malloc_trim(0);
}

static void use_cpp() {
  delete new int;
  delete[] new int[10];
  delete new line;
  delete new (std::nothrow) int;
  std::vector<std::string> strings;
  for (size_t i = 0; i < 1000; i++) strings.push_back(std::string(i, 'x'));
}

int main() {
  use_c();
  use_cpp();
  std::thread([] { use_c(), use_cpp(); }).join();
}
