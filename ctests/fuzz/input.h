/* The bytes of a fuzzer as a program: README.md has the encoding. Whatever the bytes are, they are a valid program. */
#ifndef INPUT_H
#define INPUT_H

#include "../support/suite.h"
#include "random.h"

typedef struct input {
  const uint8_t *bytes;
  size_t size, at;
} input;

static input program;

static inline void program_start(const uint8_t *bytes, size_t size) {
  program = (input){bytes, size, 0};
  fuzz_random = 0;
}

/** Behind the end everything is 0. */
static inline uint8_t next_byte(void) { return program.at < program.size ? program.bytes[program.at++] : 0; }

static inline size_t next_below(size_t bound) { return next_byte() % bound; }

static inline size_t next_word(void) {
  size_t low = next_byte();
  return low | (size_t)next_byte() << 8;
}

/** Two bytes: the upper 3 bits say which range the lower 13 are of. All classes, what is too large, and what would
 * overflow. */
static inline size_t next_size(void) {
  static const size_t edges[] = {0,
                                 1,
                                 8,
                                 9,
                                 16,
                                 17,
                                 1024,
                                 1025,
                                 4096,
                                 16384,
                                 65536,
                                 SLM_MAX_SIZE - 1,
                                 SLM_MAX_SIZE,
                                 SLM_MAX_SIZE + 1,
                                 SLM_LARGE_PAGE_SIZE,
                                 SLM_LARGE_PAGE_SIZE + 1,
                                 SIZE_MAX / 2,
                                 SIZE_MAX / 2 + 1,
                                 SIZE_MAX - 4095,
                                 SIZE_MAX};
  size_t word = next_word(), rest = word & 0x1FFF;
  switch (word >> 13) {
  case 0:
  case 1:
  case 2:
    return rest & 0xFF;
  case 3:
  case 4:
    return rest & 0x7FF;
  case 5:
    return rest * 4;
  case 6:
    return rest * 17;
  default:
    return edges[rest % COUNT_OF(edges)];
  }
}

/** One byte: mostly a power of two up to 4096, some up to 2 MiB, and some that are none or too large. */
static inline size_t next_alignment(void) {
  static const size_t wrong[] = {0, 3, 24, 4095, SLM_LARGE_PAGE_SIZE * 2, SIZE_MAX, (size_t)1 << 63, SIZE_MAX - 4095};
  size_t byte = next_byte();
  return byte < 208 ? (size_t)1 << byte % 13 : byte < 240 ? (size_t)1 << byte % 22 : wrong[byte % COUNT_OF(wrong)];
}

typedef void (*operation)(void);

/** Of a table that may still grow to 32: until then the first stands for what isn't there. */
static inline operation operation_of(const operation *table, size_t count, uint8_t byte) {
  size_t index = byte & 31;
  return table[index < count ? index : 0];
}

static inline bool is_power_of_two(size_t value) { return value != 0 && (value & (value - 1)) == 0; }

/** Stops the fuzzer, which then has the program in a file. */
#define FUZZ_CHECK(condition)                                                                                          \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: byte %zu of the program: %s\n", __FILE__, __LINE__, program.at, #condition);             \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** An assertion of cmocka's, in the helpers of the suites, stops the fuzzer too. */
int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void)count, (void)arguments;
  return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

#endif
