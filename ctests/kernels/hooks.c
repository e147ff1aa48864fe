// What slabmalloc and the compilers ask of a kernel.
#include "lock.h"

// [hooks
uintptr_t slm_port_context(void) { return machine_cpu(); }

// Where there is no status to return: Swift frees what is no object of its heap, or allocates before it is started.
void slm_port_misuse(const slm_misuse *misuse) {
  print("FAIL: misuse of the Swift heap: %s of %lx\n", slm_status_name(misuse->kind), (unsigned long)misuse->pointer);
  machine_exit(EXIT_FAILED);
}
// hooks]

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  if ((uintptr_t)to - (uintptr_t)from >= size) return memcpy(to, from, size);
  for (size_t i = size; i-- > 0;) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int byte, size_t size) {
  for (size_t i = 0; i < size; i++) ((char *)to)[i] = (char)byte;
  return to;
}

// The seed of Swift's hashing. A kernel that holds secrets takes it from a source of entropy.
void arc4random_buf(void *buffer, size_t size) {
  static uint64_t state = 88172645463325252;
  for (size_t i = 0; i < size; i++) ((unsigned char *)buffer)[i] = (unsigned char)random_next(&state);
}
