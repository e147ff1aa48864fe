/* Memory that reads as zero, all that is usable of it, wherever it comes from. */
#include "../support/process_books.h"

/** Writes over every byte, so that memory is dirty when it is freed. */
static void soil(void *object) { memset(object, 0xFF, slm_usable_size(object)); }

static unsigned char *zeroed(size_t count, size_t size) {
  unsigned char *object = slm_calloc(count, size);
  assert_non_null(object);
  assert_aligned(object, 16);
  assert_true(slm_usable_size(object) >= count * size);
  assert_true(bytes_are(object, slm_usable_size(object), 0));
  return object;
}

static void *soiled(size_t size) {
  void *object = slm_malloc(size);
  assert_non_null(object);
  soil(object);
  return object;
}

static void over_dirty_slots(void **state) {
  (void)state;
  enum { EACH = 40 };
  void *objects[EACH];
  size_t sizes[EDGES], count = edge_sizes(sizes);
  for (size_t i = 0; i < count; i++) {
    size_t each = sizes[i] < 200000 ? EACH : 6;
    for (int round = 0; round < 3; round++) { /* fresh slabs first, then memory that was ours and is dirty */
      for (size_t j = 0; j < each; j++) {
        objects[j] = zeroed(1, sizes[i]);
        soil(objects[j]);
      }
      for (size_t j = 0; j < each; j++) slm_free(objects[j * 7 % each]);
      for (size_t j = 0; j < each; j++) objects[j] = soiled(sizes[i]);
      for (size_t j = 0; j < each; j++) slm_free(objects[j]);
    }
  }
}

static void of_every_shape(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{0, 0},    {0, 5},    {5, 0},    {1, 1},       {7, 13},      {13, 7},
                                     {1, 4096}, {4096, 1}, {3, 1000}, {17, 16 * 9}, {1000, 1000}, {3, SLM_MAX_SIZE},
                                     {2, MIB},  {MIB, 5},  {65536, 3}};
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
      unsigned char *object = zeroed(shapes[i][0], shapes[i][1]);
      soil(object);
      slm_free_sized(object, shapes[i][0] * shapes[i][1]);
    }
  }
}

/** Page runs that are part dirty and part clean, joined and divided again. */
static void over_dirty_page_runs(void **state) {
  (void)state;
  uint64_t random = suite_seed();
  enum { PARTS = 24 };
  void *parts[PARTS];
  retain_everything();
  for (int round = 0; round < 12; round++) {
    size_t total = 0;
    for (size_t i = 0; i < PARTS; i++) {
      size_t size = SLM_MAX_SIZE + 1 + random_below(&random, 300000);
      total += size;
      parts[i] = soiled(size);
    }
    shuffle(parts, PARTS, &random);
    for (size_t i = 0; i < PARTS; i++) {
      slm_free(parts[i]);
      if (i == PARTS / 2 && round % 3 != 0) slm_process_purge(); /* what is freed from here on stays dirty */
    }
    unsigned char *all = zeroed(1, total / (1 + round % 4));
    soil(all);
    for (size_t i = 0; i < PARTS; i++) parts[i] = zeroed(2, (SLM_MAX_SIZE + random_below(&random, 200000)) / 2 + 1);
    for (size_t i = 0; i < PARTS; i++) soil(parts[i]);
    slm_free(all);
    for (size_t i = 0; i < PARTS; i++) slm_free(parts[i]);
  }
  assert_int_equal(check_process_books().large_live, 0);
}

/** What was a large object becomes a slab, and the other way round. */
static void from_large_to_small_and_back(void **state) {
  (void)state;
  static const size_t sizes[] = {16, 100, 1000, 5000, 30000, SLM_MAX_SIZE};
  enum { COUNT = 60 };
  void *small[COUNT_OF(sizes)][COUNT], *large[6];
  retain_everything();
  for (int round = 0; round < 8; round++) {
    if (round % 5 == 4) slm_process_purge();
    for (size_t i = 0; i < COUNT_OF(large); i++) large[i] = soiled((i + 1) * MIB);
    for (size_t i = 0; i < COUNT_OF(large); i++) slm_free(large[i]);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      for (size_t j = 0; j < COUNT; j++) {
        small[i][j] = zeroed(1, sizes[i]);
        soil(small[i][j]);
      }
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
      for (size_t j = 0; j < COUNT; j++) slm_free(small[i][j]);
    for (size_t i = 0; i < COUNT_OF(large); i++) {
      large[i] = zeroed(i + 1, MIB);
      soil(large[i]);
    }
    for (size_t i = 0; i < COUNT_OF(large); i++) slm_free(large[i]);
  }
}

/** What realloc left behind, or grew over. */
static void after_reallocation(void **state) {
  (void)state;
  retain_everything();
  for (size_t size = 100; size < 4 * MIB; size = size * 5 / 3) {
    void *object = soiled(size);
    soil(object = slm_realloc(object, size * 2));
    soil(object = slm_realloc(object, size));
    soil(object = slm_realloc(object, size / 5));
    unsigned char *other = zeroed(1, size), *another = zeroed(1, size * 2);
    soil(other);
    soil(another);
    slm_free(object);
    slm_free(other);
    slm_free(another);
  }
}

/** Fresh pages are not cleared again: they are not even touched. */
static void fresh_pages_stay_untouched(void **state) {
  (void)state;
  slm_process_purge();
  size_t before = resident_mib();
  unsigned char *object = slm_calloc(256, MIB);
  assert_non_null(object);
  assert_true(resident_mib() < before + 32);
  for (size_t at = 0; at < 256 * MIB; at += 4096) assert_int_equal(object[at] | object[at + 4095], 0);
  slm_free_sized(object, 256 * MIB);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(over_dirty_slots),     cmocka_unit_test(of_every_shape),
      cmocka_unit_test(over_dirty_page_runs), cmocka_unit_test(from_large_to_small_and_back),
      cmocka_unit_test(after_reallocation),   cmocka_unit_test(fresh_pages_stay_untouched),
  };
  return cmocka_run_group_tests_name("slm_calloc", tests, NULL, NULL);
}
