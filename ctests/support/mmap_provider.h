/* The mmap provider as tests see it: its ledger, and what the system has of its memory. */
#ifndef MMAP_PROVIDER_H
#define MMAP_PROVIDER_H

#include "suite.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#define BASE_PAGE ((size_t)65536)

static inline slm_provider_statistics ledger(void) {
  slm_provider_statistics out = {.struct_size = sizeof out};
  assert_ok(slm_mmap_statistics(&out));
  return out;
}

/** Pages of both sizes that are taken. */
static inline size_t pages_out(void) {
  slm_provider_statistics now = ledger();
  return (size_t)(now.base_pages_taken - now.base_pages_given_back + now.large_pages_taken -
                  now.large_pages_given_back);
}

/** Bytes of an address range that are in memory; 0 where nothing is mapped. */
static inline size_t resident(const void *address, size_t size) {
  static unsigned char units[((size_t)64 << 20) / 4096];
  size_t bytes = 0;
  assert_true(size / 4096 <= sizeof units);
  if (mincore((void *)address, size, units) != 0) {
    assert_int_equal(errno, ENOMEM);
    return 0;
  }
  for (size_t i = 0; i < size / 4096; i++) bytes += units[i] & 1 ? 4096 : 0;
  return bytes;
}

static inline size_t address_space(void) {
  unsigned long units = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%lu", &units), 1);
  fclose(file);
  return units * (size_t)sysconf(_SC_PAGESIZE);
}

/** Whether memory can be read: the kernel says so without a fault. */
static inline bool is_readable(const void *address) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  bool answer = write(ends[1], address, 1) == 1;
  if (!answer) assert_int_equal(errno, EFAULT);
  close(ends[0]), close(ends[1]);
  return answer;
}

/** Runs `start` in so many threads, with 1, 2, ...: each returns the number of its faults. They leave no page taken. */
static inline void share_it(size_t count, void *(*start)(void *)) {
  pthread_t threads[8];
  size_t before = pages_out();
  assert_true(count <= COUNT_OF(threads));
  for (uintptr_t i = 0; i < count; i++) assert_int_equal(pthread_create(&threads[i], NULL, start, (void *)(i + 1)), 0);
  for (size_t i = 0; i < count; i++) {
    void *faults = NULL;
    assert_int_equal(pthread_join(threads[i], &faults), 0);
    assert_null(faults);
  }
  assert_int_equal(pages_out(), before);
}

#endif
