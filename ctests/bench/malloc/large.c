// Large objects, after malloc-large of mimalloc-bench: 128 KiB to 20 MiB, every page touched. Variants:
//   random   random replacement in a set of 10
//   growth   a buffer that realloc makes larger by a half each time, as a program does that reads a stream
#include "workload.h"

#define OBJECTS 10
#define SIZE_LOW ((size_t)128 << 10)
#define SIZE_HIGH ((size_t)20 << 20)
#define PAGE 4096
#define REPLACEMENTS 600
#define GROWTHS 150

// A word in each page from an offset on, but not the last byte, which is part of the stamp. The result is the first
// page that was not touched.
static size_t touch(char *object, size_t from, size_t size, uint64_t mark) {
  size_t at = from;
  for (; at + sizeof mark < size; at += PAGE) *(volatile uint64_t *)(object + at) = mark + at;
  return at;
}

static void check_touched(const char *object, size_t from, size_t end, uint64_t mark) {
  for (size_t at = from; at < end; at += PAGE)
    if (*(const volatile uint64_t *)(object + at) != mark + at) die("a page of a large object lost its mark");
}

static size_t random_size(uint64_t *random) {
  size_t size = random_doubling(random, SIZE_LOW, 8);
  return size < SIZE_HIGH ? size : SIZE_HIGH;
}

static void *replace_randomly(void *argument) {
  uint64_t random = random_start((uintptr_t)argument);
  slot slots[OBJECTS] = {0};
  size_t touched[OBJECTS] = {0};
  for (size_t left = share_of(REPLACEMENTS); left > 0; left--) {
    size_t index = random_below(&random, OBJECTS);
    slot *slot = &slots[index];
    check_touched(slot->object, PAGE, touched[index], slot->size);
    slot_replace(slot, random_size(&random));
    touched[index] = touch(slot->object, PAGE, slot->size, slot->size);
  }
  slots_clear(slots, OBJECTS);
  return NULL;
}

static void *grow(void *argument) {
  uint64_t random = random_start((uintptr_t)argument);
  for (size_t left = share_of(GROWTHS); left > 0; left--) {
    size_t size = random_size(&random) / 8 + SIZE_LOW, touched = 0;
    uint64_t mark = random_next(&random);
    char *buffer = NULL;
    for (; size <= SIZE_HIGH; size += size / 2) {
      buffer = realloc(buffer, size);
      if (buffer == NULL) die("out of memory");
      touched = touch(buffer, touched, size, mark);
    }
    check_touched(buffer, 0, touched, mark);
    free(buffer);
  }
  return NULL;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  if (strcmp(variant, "random") == 0) threads_run(replace_randomly);
  else if (strcmp(variant, "growth") == 0) threads_run(grow);
  else die("the variant is random or growth");
  return 0;
}
