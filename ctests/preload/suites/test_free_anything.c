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
static void *live[LIVE]; /* the first half of them is freed */
static size_t usable[LIVE];

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
    size_t size = 1 + random_below(random, i % 100 == 0 ? 3 * MIB : i % 10 == 0 ? 100000 : 1000);
    assert_non_null(live[i] = malloc(size));
  }
  shuffle(live, LIVE, random);
  for (size_t i = 0; i < LIVE; i++) usable[i] = malloc_usable_size(live[i]);
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

/** Whether it points into an object of this test, live or freed. */
static bool is_inside_own(const void *pointer) {
  for (size_t i = 0; i < LIVE; i++)
    if ((uintptr_t)pointer - (uintptr_t)live[i] < usable[i]) return true;
  return false;
}

/** How many objects are live, whoever has them. */
static size_t live_objects(void) {
  static char xml[40000];
  static const char start[] = "<total type=\"live\"", name[] = " count=\"";
  FILE *file = fmemopen(xml, sizeof xml, "w");
  assert_non_null(file);
  assert_int_equal(malloc_info(0, file), 0);
  fclose(file);
  const char *total = strstr(xml, start), *number = total == NULL ? NULL : strstr(total, name);
  assert_non_null(number);
  return strtoull(number + strlen(name), NULL, 10);
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
  size_t others = live_objects();
  make_objects(&random);
  read_mappings();
  size_t reported = 0, passed = 0;
  void *freed[64];
  for (size_t i = 0; i < 1500; i++) {
    void *pointer = random_pointer(&random);
    if (is_live(pointer)) continue;
    child c;
    child_call(&c, free_pointer, pointer);
    /* A live object of libc or cmocka may be hit, also more than once, and really be freed. Which ones there are can't
     * be known beforehand, but how many. */
    bool passes = child_exited(&c, 0) && !is_inside_own(pointer);
    if (passes) {
      size_t known = 0;
      while (known < passed && freed[known] != pointer) known++;
      assert_true(known < COUNT_OF(freed));
      freed[known] = pointer;
      passed += known == passed;
    } else if (child_reported(&c, any, pointer)) reported++;
    else fail_child(&c, "free", pointer);
  }
  print_message("%zu reported, %zu of %zu objects of the C library were hit\n", reported, passed, others);
  assert_true(reported >= 1300);
  assert_true(passed <= others);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(no_pointer_passes),
  };
  return cmocka_run_group_tests_name("preload free of anything", tests, NULL, NULL);
}
