/* Pointers of every kind, at random, that are no live objects: freeing one always ends in a report, wherever it points.
 * Taken from all mappings of the process, the heap's own among them. */
#include "../support/preload.h"
#include "../support/report.h"

enum { LIVE = 4000, MAPPINGS = 4000 };

typedef struct mapping {
  uintptr_t start, end;
} mapping;
static mapping mappings[MAPPINGS];
static size_t mapping_count;
static void *live[LIVE];
static size_t live_sizes[LIVE];

static void read_mappings(void) {
  FILE *file = fopen("/proc/self/maps", "r");
  char line[512];
  assert_non_null(file);
  mapping_count = 0;
  while (mapping_count < MAPPINGS && fgets(line, sizeof line, file) != NULL) {
    unsigned long start, end;
    if (sscanf(line, "%lx-%lx", &start, &end) == 2) mappings[mapping_count++] = (mapping){start, end};
  }
  fclose(file);
}

static void make_objects(uint64_t *random) {
  for (size_t i = 0; i < LIVE; i++) {
    live_sizes[i] = 1 + random_below(random, i % 100 == 0 ? 3 * MIB : i % 10 == 0 ? 100000 : 1000);
    assert_non_null(live[i] = malloc(live_sizes[i]));
  }
  shuffle(live, LIVE, random);
  for (size_t i = 0; i < LIVE / 2; i++) free(live[i]);
}

static void *random_pointer(uint64_t *random) {
  size_t kind = random_below(random, 8);
  if (kind == 0) return (void *)(random_next(random) & ~(uintptr_t)15);
  if (kind == 1) return (void *)(random_next(random) >> 17);
  if (kind < 5) {
    mapping m = mappings[random_below(random, mapping_count)];
    uintptr_t inside = m.start + random_below(random, m.end - m.start);
    return (void *)(kind == 2 ? inside : kind == 3 ? inside & ~(uintptr_t)15 : inside & ~(uintptr_t)4095);
  }
  /* Close to an object, live or freed. */
  uintptr_t object = (uintptr_t)live[random_below(random, LIVE)];
  return (void *)(kind == 5   ? object + random_below(random, 4096)
                  : kind == 6 ? object + 16
                              : object & ~(uintptr_t)4095);
}

static bool is_live(const void *pointer) {
  for (size_t i = LIVE / 2; i < LIVE; i++)
    if (live[i] == pointer) return true;
  return pointer == NULL;
}

static int free_pointer(void *pointer) {
  free(pointer);
  ordinary_calls();
  return 0;
}

static void no_pointer_passes(void **state) {
  (void)state;
  static const char *const any[] = {DOUBLE_FREE, INTERIOR_POINTER, FOREIGN_POINTER, NULL};
  uint64_t random = suite_seed();
  make_objects(&random);
  read_mappings();
  size_t reported = 0, passed = 0;
  for (size_t i = 0; i < 1500; i++) {
    void *pointer = random_pointer(&random);
    if (is_live(pointer)) continue;
    child c;
    child_call(&c, free_pointer, pointer);
    /* A live object of libc or cmocka may be hit, and really be freed; it can't be known beforehand. */
    if (child_exited(&c, 0)) passed++;
    else if (child_reported(&c, any, pointer)) reported++;
    else fail_child(&c, "free", pointer);
  }
  print_message("%zu reported, %zu were live objects of the C library\n", reported, passed);
  assert_true(reported >= 1300);
  assert_true(passed <= 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(no_pointer_passes),
  };
  return cmocka_run_group_tests_name("preload free of anything", tests, NULL, NULL);
}
