// Shows why descriptors of slabs lie in a table and not in the slabs: what a random live set of objects costs when each
// deallocation and allocation changes the descriptor of a random slab, with descriptors at the ends of the slabs'
// pages, which are equally far apart, and in a dense table. Usage: descriptors. Prints "slabs ends_ns table_ns ratio"
// for each number of slabs, medians of rounds in which the two take turns.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE ((size_t)65536)
#define DESCRIPTOR 128
#define STEPS 2000000
#define ROUNDS 7
#define SLABS_MAX 10000

static uint64_t random_next(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  return *state ^= *state << 17;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

// What a free and an allocation do: look at one line of a descriptor, count in the other. The next slab depends on what
// was read, as the next object of a program does on the last.
static double run(char *first, size_t stride, size_t slabs, uint64_t *sum) {
  uint64_t state = 88172645463325252ULL;
  double start = now();
  for (size_t i = 0; i < STEPS; i++) {
    char *descriptor = first + (random_next(&state) >> 32) * slabs / 0x100000000ULL * stride;
    uint64_t used = ++*(volatile uint64_t *)(descriptor + 64);
    state += *(volatile uint64_t *)descriptor & 1;
    *sum += used;
  }
  return (now() - start) / STEPS;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(void) {
  char *pages =
      mmap(NULL, PAGE * SLABS_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  char *table = aligned_alloc(4096, DESCRIPTOR * SLABS_MAX / 4096 * 4096 + 4096);
  if (pages == MAP_FAILED || table == NULL) {
    fprintf(stderr, "descriptors: out of memory\n");
    return 2;
  }
  uint64_t sum = 0;
  printf("%8s %12s %12s %8s\n", "slabs", "ends of pages", "table", "ratio");
  for (size_t slabs = 100; slabs <= SLABS_MAX; slabs *= 10) {
    double ends[ROUNDS], dense[ROUNDS];
    for (size_t i = 0; i < slabs; i++) pages[(i + 1) * PAGE - DESCRIPTOR] = table[i * DESCRIPTOR] = 0;
    for (int round = 0; round < ROUNDS; round++) {
      ends[round] = run(pages + PAGE - DESCRIPTOR, PAGE, slabs, &sum);
      dense[round] = run(table, DESCRIPTOR, slabs, &sum);
    }
    qsort(ends, ROUNDS, sizeof *ends, compare);
    qsort(dense, ROUNDS, sizeof *dense, compare);
    double e = ends[ROUNDS / 2], d = dense[ROUNDS / 2];
    printf("%8zu %10.1f ns %9.1f ns %8.2f\n", slabs, e, d, e / d);
  }
  return sum == 0;
}
