/* Making a zone, a cache, a region or a heap gives it or NULL, and says why in its last parameter. */
#include "../support/family.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static SLM_ALIGNAS(64) unsigned char storage[SLM_ZONE_STORAGE_SIZE + CPUS * SLM_ZONE_CPU_STORAGE_SIZE];

/** Makes a zone and a cache with options that both refuse for this reason; their storage is not written to. */
static void refused(const slm_options *options, slm_status want) {
  slm_status why = SLM_OK;
  memset(storage, 0x5C, sizeof storage);
  assert_null(slm_zone_init(storage, sizeof storage, options, &why));
  assert_status(want, why);
  why = SLM_OK;
  assert_null(slm_cache_init(storage, sizeof storage, 8, 24, options, &why));
  assert_status(want, why);
  assert_null(slm_zone_init(storage, sizeof storage, options, NULL)); /* who doesn't want to know */
  assert_null(slm_cache_init(storage, sizeof storage, 8, 24, options, NULL));
  assert_true(bytes_are(storage, sizeof storage, 0x5C));
  assert_int_equal(slm_zone_storage_size(options), 0);
  assert_int_equal(slm_cache_storage_size(options), 0);
}

/** Both take them, and say so. */
static void taken(const slm_options *options) {
  slm_status why = SLM_ERR_DOUBLE_FREE;
  slm_zone *zone = slm_zone_init(storage, sizeof storage, options, &why);
  assert_ptr_equal(zone, storage);
  assert_ok(why);
  assert_ok(slm_zone_destroy(zone, NULL));
  why = SLM_ERR_DOUBLE_FREE;
  slm_cache *cache = slm_cache_init(storage, sizeof storage, 8, 24, options, &why);
  assert_ptr_equal(cache, storage);
  assert_ok(why);
  assert_ok(slm_cache_destroy(cache, NULL));
  assert_true(slm_zone_storage_size(options) > 0 && slm_zone_storage_size(options) <= sizeof storage);
  assert_true(slm_cache_storage_size(options) > 0 && slm_cache_storage_size(options) <= sizeof storage);
}

static void *give_page(void *context, size_t page_size) {
  (void)context, (void)page_size;
  return NULL;
}

static void take_page(void *context, void *page, size_t page_size) { (void)context, (void)page, (void)page_size; }

static slm_options right_options(void) {
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.provider.struct_size = sizeof options.provider;
  options.provider.allocate_page = give_page;
  options.provider.release_page = take_page;
  return options;
}

/** Sets a field of options that are else right, and says what becomes of that. */
#define REFUSED(statement)                                                                                             \
  do {                                                                                                                 \
    slm_options o = right_options();                                                                                   \
    statement;                                                                                                         \
    refused(&o, SLM_ERR_INVALID_ARGUMENT);                                                                             \
  } while (0)
#define TAKEN(statement)                                                                                               \
  do {                                                                                                                 \
    slm_options o = right_options();                                                                                   \
    statement;                                                                                                         \
    taken(&o);                                                                                                         \
  } while (0)

static void options_of_zones_and_caches(void **state) {
  (void)state;
  taken(NULL);
  TAKEN((void)o);
  TAKEN(o.page_size = 65536);
  TAKEN(o.name = "a name");
  TAKEN(o.flags = SLM_FAST);
  TAKEN(o.flags = SLM_HARDENED);
  TAKEN(o.threads = SLM_ANY_THREAD);
  TAKEN(o.threads = SLM_PER_CPU; o.cpu_count = 1);
  TAKEN(o.threads = SLM_PER_CPU; o.cpu_count = CPUS);
  TAKEN(o.provider.allocate_page = NULL);
  TAKEN(memset(&o.provider, 0, sizeof o.provider));

  REFUSED(o.struct_size = 0);
  REFUSED(o.struct_size = sizeof o - 1);
  REFUSED(o.page_size = 1);
  REFUSED(o.page_size = 8192);
  REFUSED(o.page_size = 4096; o.provider.page_size = 16384);
  REFUSED(o.provider.page_size = 8192);
  REFUSED(o.flags = 4);
  REFUSED(o.flags = (uint64_t)1 << 63);
  REFUSED(o.flags = SLM_FAST | SLM_HARDENED);
  REFUSED(o.threads = 3);
  REFUSED(o.threads = UINT32_MAX);
  REFUSED(o.threads = SLM_PER_CPU);
  REFUSED(o.threads = SLM_PER_CPU; o.cpu_count = 65536);
  REFUSED(o.cpu_count = 1);
  REFUSED(o.threads = SLM_ANY_THREAD; o.cpu_count = 1);
  REFUSED(o.soft_limit = 2; o.hard_limit = 1);
  REFUSED(o.soft_limit = UINT64_MAX; o.hard_limit = UINT64_MAX - 1);
  REFUSED(o.provider.release_page = NULL);
  REFUSED(o.provider.struct_size = 8);
}

static void storage_of_zones_and_caches(void **state) {
  (void)state;
  static const uint32_t threads[][2] = {{SLM_ONE_THREAD, 0}, {SLM_ANY_THREAD, 0}, {SLM_PER_CPU, CPUS}};
  for (size_t i = 0; i < COUNT_OF(threads); i++) {
    slm_options options = right_options();
    options.threads = threads[i][0];
    options.cpu_count = threads[i][1];
    options.flags = SLM_HARDENED; /* which needs the most */
    size_t zone_size = slm_zone_storage_size(&options), cache_size = slm_cache_storage_size(&options);
    slm_status why = SLM_OK;
#define SAYS(call)                                                                                                     \
  do {                                                                                                                 \
    why = SLM_OK;                                                                                                      \
    assert_null(call);                                                                                                 \
    assert_status(SLM_ERR_INVALID_ARGUMENT, why);                                                                      \
  } while (0)
    SAYS(slm_zone_init(NULL, sizeof storage, &options, &why));
    SAYS(slm_zone_init(storage, zone_size - 1, &options, &why));
    SAYS(slm_zone_init(storage, 0, &options, &why));
    SAYS(slm_zone_init(storage + 8, sizeof storage - 8, &options, &why));
    SAYS(slm_cache_init(NULL, sizeof storage, 8, 24, &options, &why));
    SAYS(slm_cache_init(storage, cache_size - 1, 8, 24, &options, &why));
    SAYS(slm_cache_init(storage, 0, 8, 24, &options, &why));
    SAYS(slm_cache_init(storage + 32, sizeof storage - 32, 8, 24, &options, &why));
    slm_zone *zone = slm_zone_init(storage, zone_size, &options, &why);
    assert_non_null(zone);
    assert_ok(why);
    assert_ok(slm_zone_destroy(zone, NULL));
    slm_cache *cache = slm_cache_init(storage, cache_size, 8, 24, &options, &why);
    assert_non_null(cache);
    assert_ok(why);
    assert_ok(slm_cache_destroy(cache, NULL));
  }
}

static void layouts_of_caches(void **state) {
  (void)state;
  static const size_t wrong[][2] = {
      {0, 8}, {3, 8}, {SIZE_MAX, 8}, {2 * SLM_LARGE_PAGE_SIZE, 8}, {8, SIZE_MAX}, {8, SLM_MAX_SIZE + 1}};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    slm_status why = SLM_OK;
    assert_null(slm_cache_init(storage, sizeof storage, wrong[i][0], wrong[i][1], NULL, &why));
    assert_status(SLM_ERR_INVALID_LAYOUT, why);
  }
}

static void regions(void **state) {
  (void)state;
  static SLM_ALIGNAS(4096) unsigned char buffer[1 << 16];
  slm_status why = SLM_OK;
  SAYS(slm_region_init(NULL, sizeof buffer, 4096, &why));
  SAYS(slm_region_init(buffer, sizeof buffer, 0, &why));
  SAYS(slm_region_init(buffer, sizeof buffer, 8192, &why));
  SAYS(slm_region_init(buffer, sizeof buffer, SLM_LARGE_PAGE_SIZE, &why));
  SAYS(slm_region_init(buffer, 0, 4096, &why));
  SAYS(slm_region_init(buffer, 4096, 4096, &why)); /* the state and no page */
  SAYS(slm_region_init(buffer, sizeof buffer, 65536, &why));
  assert_null(slm_region_init(buffer, SIZE_MAX, 4096, &why));
  assert_status(SLM_ERR_BAD_PAGE, why);
  assert_null(slm_region_init(buffer, SIZE_MAX, 4096, NULL));
  assert_non_null(slm_region_init(buffer, sizeof buffer, 4096, &why));
  assert_ok(why);
}

#define HEAP_SAYS(statement)                                                                                           \
  do {                                                                                                                 \
    slm_options o = SLM_DEFAULT_OPTIONS;                                                                               \
    statement;                                                                                                         \
    SAYS(slm_heap_create(&o, &why));                                                                                   \
  } while (0)

/** Of its options only a heap's name, limits and provider may be set. */
static void heaps(void **state) {
  (void)state;
  slm_status why = SLM_ERR_DOUBLE_FREE;
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.name = "requests";
  slm_options limits = options, soft = options, hard = options;
  limits.soft_limit = limits.hard_limit = 1 << 20;
  soft.soft_limit = hard.hard_limit = 1;
  const slm_options *const right[] = {NULL, &options, &limits, &soft, &hard, SLM_OPTIONS(slm_mmap_provider())};
  for (size_t i = 0; i < COUNT_OF(right); i++) {
    why = SLM_ERR_DOUBLE_FREE;
    slm_heap *heap = slm_heap_create(right[i], &why);
    assert_non_null(heap);
    assert_ok(why);
    assert_ok(slm_heap_destroy(heap, NULL));
  }
  HEAP_SAYS(o.struct_size = 0);
  HEAP_SAYS(o.struct_size = sizeof o - 1);
  HEAP_SAYS(o.page_size = 4096);
  HEAP_SAYS(o.flags = SLM_FAST);
  HEAP_SAYS(o.flags = SLM_HARDENED);
  HEAP_SAYS(o.threads = SLM_ANY_THREAD);
  HEAP_SAYS(o.cpu_count = 1);
  HEAP_SAYS((o.soft_limit = 2, o.hard_limit = 1));
  HEAP_SAYS((o.provider = slm_mmap_provider(), o.provider.allocate_run = NULL));
  HEAP_SAYS((o.provider = slm_mmap_provider(), o.provider.allocate_run = NULL, o.provider.release_run = NULL));
}

/** Heaps are made until there is no memory for one more. In a child, whose limit is low. */
static void no_memory_for_a_heap(void **state) {
  (void)state;
  pid_t child = fork();
  if (child == 0) {
    size_t data_pages[6];
    FILE *file = fopen("/proc/self/statm", "r");
    for (size_t i = 0; i < COUNT_OF(data_pages); i++)
      if (fscanf(file, "%zu", &data_pages[i]) != 1) _exit(2);
    fclose(file);
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit) != 0) _exit(3);
    limit.rlim_cur = data_pages[5] * (size_t)sysconf(_SC_PAGESIZE) + (1 << 24);
    if (setrlimit(RLIMIT_DATA, &limit) != 0) _exit(3);
    for (size_t i = 0; i < 10000000; i++) {
      slm_status why = SLM_ERR_DOUBLE_FREE;
      slm_heap *heap = slm_heap_create(NULL, &why);
      if (heap == NULL) _exit(why == SLM_ERR_OUT_OF_MEMORY && slm_heap_create(NULL, NULL) == NULL ? 0 : 4);
      if (why != SLM_OK) _exit(5);
    }
    _exit(6);
  }
  int status = 0;
  assert_true(child > 0 && waitpid(child, &status, 0) == child);
  assert_int_equal(status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_of_zones_and_caches),
      cmocka_unit_test(storage_of_zones_and_caches),
      cmocka_unit_test(layouts_of_caches),
      cmocka_unit_test(regions),
      cmocka_unit_test(heaps),
      cmocka_unit_test(no_memory_for_a_heap),
  };
  return cmocka_run_group_tests_name("reasons", tests, NULL, NULL);
}
