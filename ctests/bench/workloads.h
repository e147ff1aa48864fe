// What the benchmark programs share: the sizes, the orders of deallocation, a random number generator.
// The workloads themselves are in workloads-of.h, which is included once for each allocator.
#ifndef WORKLOADS_H
#define WORKLOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Objects that a batch allocates before it gives the first one back.
#define BATCH 1000

static const size_t sizes[] = {8, 64, 256, 1024, 8192};
#define SIZE_COUNT (sizeof sizes / sizeof sizes[0])

enum order { LIFO, FIFO, RANDOM, ORDER_COUNT };
static const char *const order_names[ORDER_COUNT] = {"lifo", "fifo", "random"};

// The order in which a batch is given back. The same array type for all three, so that the loop costs the same.
static uint32_t orders[ORDER_COUNT][BATCH];

static uint64_t seed = 20190401;
static uint64_t random_state;

// Write the first byte of each object? The headline rows don't: they measure the allocator alone.
static bool touch;

// Without it the compiler could see that an object is not used.
static void *volatile sink;

// xorshift64*, scaled to 0 ..< limit.
static inline size_t random_below(size_t limit) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (size_t)(((random_state * 0x2545F4914F6CDD1DULL) >> 32) * limit >> 32);
}

_Noreturn static void die(const char *what) {
  fprintf(stderr, "bench: %s (seed %llu)\n", what, (unsigned long long)seed);
  exit(2);
}

static inline void use(void *object) {
  if (object == NULL) die("out of memory");
  sink = object;
  if (touch) *(volatile char *)object = 1;
}

// Takes the seed from SLM_TEST_SEED if it is set, and makes the three orders.
static inline void prepare_orders(void) {
  const char *text = getenv("SLM_TEST_SEED");
  if (text != NULL) seed = strtoull(text, NULL, 0);
  // The state must not be 0: it would stay 0.
  random_state = seed ^ 0x9E3779B97F4A7C15ULL;
  if (random_state == 0) random_state = 1;
  for (uint32_t i = 0; i < BATCH; i++) {
    orders[LIFO][i] = BATCH - 1 - i;
    orders[FIFO][i] = i;
    orders[RANDOM][i] = i;
  }
  for (uint32_t i = BATCH - 1; i > 0; i--) {
    uint32_t j = (uint32_t)random_below(i + 1), other = orders[RANDOM][j];
    orders[RANDOM][j] = orders[RANDOM][i];
    orders[RANDOM][i] = other;
  }
}

#endif
