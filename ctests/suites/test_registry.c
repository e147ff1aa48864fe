/* Registries: lists of zones and caches that their owner keeps, and the table. */
#include "../support/family.h"

static struct {
  char text[4096];
  size_t length;
} page;

static void collect(void *context, const char *text, size_t length) {
  assert_ptr_equal(context, &page);
  assert_true(page.length + length < sizeof page.text);
  memcpy(page.text + page.length, text, length);
  page.length += length;
  page.text[page.length] = '\0';
}

/** Two zones and a cache, in a registry. */
typedef struct listed {
  test_provider provider;
  slm_zone_storage storages[2];
  slm_cache_storage cache_storage;
  slm_zone *zones[2];
  slm_cache *cache;
  slm_registry registry;
  slm_registry_entry entries[3];
  /* what a visitor saw and does */
  size_t rows;
  slm_registry_row row[8];
  int removes; /* the entry to remove, or -1 */
  size_t stop_after;
  bool nests;
} listed;

static void open_listed(listed *l) {
  memset(l, 0, sizeof *l);
  l->removes = -1;
  test_provider_open(&l->provider, 4096);
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.provider = test_provider_both(&l->provider);
  options.name = "first zone";
  l->zones[0] = slm_zone_init(&l->storages[0], sizeof l->storages[0], &options, NULL);
  options.name = NULL;
  l->zones[1] = slm_zone_init(&l->storages[1], sizeof l->storages[1], &options, NULL);
  options.name = "inodes";
  l->cache = slm_cache_init(&l->cache_storage, sizeof l->cache_storage, 8, 1000, &options, NULL);
  assert_ok(slm_registry_add_zone(&l->registry, &l->entries[0], l->zones[0]));
  assert_ok(slm_registry_add_cache(&l->registry, &l->entries[1], l->cache));
  assert_ok(slm_registry_add_zone(&l->registry, &l->entries[2], l->zones[1]));
}

static void close_listed(listed *l) {
  slm_zone_destroy(l->zones[0], NULL);
  slm_zone_destroy(l->zones[1], NULL);
  slm_cache_destroy(l->cache, NULL);
  test_provider_close(&l->provider);
}

static bool note_row(void *context, const slm_registry_row *row) {
  listed *l = context;
  assert_int_equal(row->struct_size, sizeof *row);
  l->row[l->rows++] = *row;
  if (l->removes >= 0) {
    assert_ok(slm_registry_remove(&l->registry, &l->entries[l->removes]));
    memset(&l->entries[l->removes], 0xA5, sizeof l->entries[0]); /* it is no longer the registry's */
    l->removes = -1;
  }
  if (l->nests) {
    l->nests = false;
    l->removes = 1;
    assert_ok(slm_registry_for_each(&l->registry, note_row, l));
  }
  return l->rows != l->stop_after;
}

static void rows_count(void **state) {
  (void)state;
  static listed l;
  open_listed(&l);
  void *objects[6];
  for (size_t i = 0; i < 6; i++) assert_non_null(objects[i] = slm_cache_allocate(l.cache));
  for (size_t i = 0; i < 4; i++) assert_ok(slm_cache_deallocate(l.cache, objects[i]));
  assert_ok(slm_cache_reclaim(l.cache, SIZE_MAX, SIZE_MAX, NULL));
  assert_non_null(slm_zone_allocate(l.zones[0], 100000));
  assert_ok(slm_registry_for_each(&l.registry, note_row, &l));
  assert_int_equal(l.rows, 3);
  assert_ptr_equal(l.row[0].zone, l.zones[0]);
  assert_null(l.row[0].cache);
  assert_string_equal(l.row[0].name, "first zone");
  assert_int_equal(l.row[0].objects_live, 1);
  assert_int_equal(l.row[0].slots, 18);
  assert_int_equal(l.row[0].slabs, 1);
  assert_int_equal(l.row[0].bytes_held, SLM_LARGE_PAGE_SIZE);
  assert_int_equal(l.row[0].bytes_live, 114688);
  assert_ptr_equal(l.row[1].cache, l.cache);
  assert_null(l.row[1].zone);
  assert_int_equal(l.row[1].objects_live, 2);
  assert_int_equal(l.row[1].slots, 4);
  assert_int_equal(l.row[1].bytes_held, 4096);
  assert_int_equal(l.row[1].bytes_peak, 8192);
  assert_int_equal(l.row[1].bytes_live, 2000);
  assert_null(l.row[2].name);
  assert_int_equal(l.row[2].slots, 0);
  close_listed(&l);
}

static void the_table(void **state) {
  (void)state;
  static listed l;
  open_listed(&l);
  for (size_t i = 0; i < 6; i++) assert_non_null(slm_cache_allocate(l.cache));
  page.length = 0;
  assert_ok(slm_registry_print(&l.registry, collect, &page));
  assert_string_equal(page.text, "     OBJECTS       SLOTS    SLABS          BYTES  FILL           PEAK NAME\n"
                                 "           0           0        0              0    0%              0 first zone\n"
                                 "           6           8        2           8192   73%           8192 inodes\n"
                                 "           0           0        0              0    0%              0 -\n");
  close_listed(&l);
  page.length = 0;
  assert_ok(slm_registry_print(&l.registry, collect, &page)); /* what has ended is skipped */
  assert_string_equal(page.text, "     OBJECTS       SLOTS    SLABS          BYTES  FILL           PEAK NAME\n");
}

static void adding_and_removing(void **state) {
  (void)state;
  static listed l;
  open_listed(&l);
  slm_registry other = {NULL, NULL, NULL};
  assert_status(SLM_ERR_IN_USE, slm_registry_add_zone(&l.registry, &l.entries[0], l.zones[0]));
  assert_status(SLM_ERR_IN_USE, slm_registry_add_zone(&other, &l.entries[0], l.zones[0]));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_registry_remove(&other, &l.entries[0]));
  slm_registry_entry fresh = {NULL, NULL, NULL};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_registry_remove(&l.registry, &fresh));
  slm_zone_storage none;
  memset(&none, 0, sizeof none);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_registry_add_zone(&l.registry, &fresh, (slm_zone *)&none));
  assert_ok(slm_registry_remove(&l.registry, &l.entries[2])); /* the last, and one behind it */
  assert_ok(slm_registry_add_zone(&l.registry, &fresh, l.zones[1]));
  assert_ok(slm_registry_remove(&l.registry, &l.entries[0]));
  assert_ok(slm_registry_add_zone(&other, &l.entries[0], l.zones[0]));
  assert_ok(slm_registry_for_each(&l.registry, note_row, &l));
  assert_int_equal(l.rows, 2);
  assert_ptr_equal(l.row[1].zone, l.zones[1]);
  assert_ok(slm_registry_remove(&l.registry, &l.entries[1]));
  assert_ok(slm_registry_remove(&l.registry, &fresh));
  l.rows = 0;
  assert_ok(slm_registry_for_each(&l.registry, note_row, &l));
  assert_int_equal(l.rows, 0);
  close_listed(&l);
}

static void visitors_may_remove(void **state) {
  (void)state;
  static listed l;
  for (int which = 0; which < 3; which++) { /* the visited entry, the next one, the last one */
    open_listed(&l);
    l.removes = which;
    assert_ok(slm_registry_for_each(&l.registry, note_row, &l));
    assert_int_equal(l.rows, which == 0 ? 3 : 2);
    close_listed(&l);
  }
  open_listed(&l);
  l.nests = true; /* an inner walk removes the outer one's next */
  assert_ok(slm_registry_for_each(&l.registry, note_row, &l));
  assert_int_equal(l.rows, 1 + 2 + 1);
  assert_null(l.registry.walks);
  l.rows = 0;
  l.stop_after = 1;
  assert_ok(slm_registry_for_each(&l.registry, note_row, &l));
  assert_int_equal(l.rows, 1);
  close_listed(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_count),
      cmocka_unit_test(the_table),
      cmocka_unit_test(adding_and_removing),
      cmocka_unit_test(visitors_may_remove),
  };
  return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
