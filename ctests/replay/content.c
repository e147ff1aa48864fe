/* What is in an object: words that depend on its number and on where they are. */
#include "replay.h"

#include <string.h>

static uint64_t word_at(size_t index, uint32_t number) {
  return (number * 0x9E3779B97F4A7C15u ^ (index + 1) * 0xC2B2AE3D27D4EB4Fu) | 0x0101010101010101u;
}

unsigned char content_byte(size_t position, uint32_t number) {
  return (unsigned char)(word_at(position / 8, number) >> (position % 8 * 8));
}

void content_fill(void *object, size_t size, uint32_t number) {
  unsigned char *bytes = object;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word = word_at(i / 8, number);
    memcpy(bytes + i, &word, 8);
  }
  for (; i < size; i++) bytes[i] = content_byte(i, number);
}

size_t content_compare(const void *object, size_t size, uint32_t number) {
  const unsigned char *bytes = object;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, 8);
    if (word != word_at(i / 8, number)) break;
  }
  while (i < size && bytes[i] == content_byte(i, number)) i++;
  return i;
}
