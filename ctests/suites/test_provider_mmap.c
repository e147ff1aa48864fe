/* The mmap provider: pages as asked for, a ledger, memory that goes back to the operating system. */
#include "../support/mmap_provider.h"

static void it_names_itself(void **state) {
  (void)state;
  slm_page_provider provider = slm_mmap_provider();
  assert_int_equal(provider.struct_size, sizeof provider);
  assert_int_equal(provider.page_size, BASE_PAGE);
  assert_non_null(provider.allocate_page);
  assert_non_null(provider.release_page);
}

static void pages_are_aligned_writable_and_apart(void **state) {
  (void)state;
  enum { COUNT = 300 };
  slm_page_provider provider = slm_mmap_provider();
  unsigned char *pages[COUNT];
  slm_provider_statistics before = ledger();
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = i % 5 == 0 ? SLM_LARGE_PAGE_SIZE : BASE_PAGE;
    pages[i] = provider.allocate_page(provider.context, size);
    assert_non_null(pages[i]);
    assert_aligned(pages[i], size);
    pattern_fill(pages[i], size, i);
  }
  slm_provider_statistics during = ledger();
  assert_int_equal(during.base_pages_taken - before.base_pages_taken, COUNT - COUNT / 5);
  assert_int_equal(during.large_pages_taken - before.large_pages_taken, COUNT / 5);
  assert_int_equal(during.base_pages_given_back, before.base_pages_given_back);
  for (size_t i = 0; i < COUNT; i++)
    assert_true(pattern_holds(pages[i], i % 5 == 0 ? SLM_LARGE_PAGE_SIZE : BASE_PAGE, i));
  for (size_t i = 0; i < COUNT; i++) {
    size_t at = i % 2 == 0 ? i : COUNT - i;
    provider.release_page(provider.context, pages[at], at % 5 == 0 ? SLM_LARGE_PAGE_SIZE : BASE_PAGE);
  }
  slm_provider_statistics after = ledger();
  assert_int_equal(after.base_pages_given_back - before.base_pages_given_back, COUNT - COUNT / 5);
  assert_int_equal(after.large_pages_given_back - before.large_pages_given_back, COUNT / 5);
}

static void memory_of_a_returned_page_goes_at_once(void **state) {
  (void)state;
  slm_page_provider provider = slm_mmap_provider();
  static const size_t sizes[] = {BASE_PAGE, SLM_LARGE_PAGE_SIZE};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    void *page = provider.allocate_page(provider.context, sizes[i]);
    assert_non_null(page);
    memset(page, 1, sizes[i]);
    assert_int_equal(resident(page, sizes[i]), sizes[i]);
    provider.release_page(provider.context, page, sizes[i]);
    assert_int_equal(resident(page, sizes[i]), 0);
  }
}

static void address_space_goes_back(void **state) {
  (void)state;
  enum { COUNT = 200 };
  slm_page_provider provider = slm_mmap_provider();
  void *pages[COUNT];
  size_t before = address_space();
  for (size_t i = 0; i < COUNT; i++) {
    pages[i] = provider.allocate_page(provider.context, SLM_LARGE_PAGE_SIZE);
    assert_non_null(pages[i]);
  }
  assert_true(address_space() - before >= (COUNT - 32) * SLM_LARGE_PAGE_SIZE);
  for (size_t i = 0; i < COUNT; i++) provider.release_page(provider.context, pages[i], SLM_LARGE_PAGE_SIZE);
  /* 32 MiB may stay idle, and what the provider needs to keep count. */
  assert_true(address_space() <= before + 40 * ((size_t)1 << 20));
}

#define ARENA ((size_t)32 << 20)

/** How many mappings a process may have; 0 where the system does not tell. */
static size_t most_mappings(void) {
  size_t most = 0;
  FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%zu", &most) != 1) most = 0;
  fclose(file);
  return most;
}

/** An arena has a guard before its state and one behind; if the system has no more mappings it does without. */
static void guards_are_left_out_if_the_system_refuses_them(void **state) {
  (void)state;
  enum { LARGE_PAGES = 15, SPARE = 12 };
  const size_t unit = 4096, most = 2 * most_mappings() + 2000;
  if (most < 20000 || most > 4 << 20) skip(); /* not known, or more than it is worth */
  slm_page_provider provider = slm_mmap_provider();
  size_t guarded = 0, bare = 0;
  /* Each second page is of another kind, so each is a mapping. */
  char *many = mmap(NULL, most * unit, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_ptr_not_equal(many, MAP_FAILED);
  size_t used = 0;
  while (used < most && mprotect(many + used * unit, unit, PROT_READ) == 0) used += 2;
  for (size_t spare = 0; spare <= SPARE; spare++) {
    if (spare > 0) assert_int_equal(mprotect(many + (used -= 2) * unit, unit, PROT_NONE), 0);
    unsigned char *pages[LARGE_PAGES + 1];
    for (size_t i = 0; i <= LARGE_PAGES; i++) { /* more than an arena that is kept */
      pages[i] = provider.allocate_page(provider.context, SLM_LARGE_PAGE_SIZE);
      if (pages[i] == NULL) continue;
      unsigned char *arena = (unsigned char *)((uintptr_t)pages[i] / ARENA * ARENA);
      *(is_readable(arena) || is_readable(arena + BASE_PAGE - 1) ? &bare : &guarded) += 1;
      pattern_fill_ends(pages[i], SLM_LARGE_PAGE_SIZE, i);
    }
    for (size_t i = 0; i <= LARGE_PAGES; i++) {
      if (pages[i] == NULL) continue;
      assert_true(pattern_ends_hold(pages[i], SLM_LARGE_PAGE_SIZE, i));
      provider.release_page(provider.context, pages[i], SLM_LARGE_PAGE_SIZE);
    }
  }
  assert_int_equal(munmap(many, most * unit), 0);
  assert_true(guarded > 0 && bare > 0);
}

static void wrong_arguments_are_refused(void **state) {
  (void)state;
  slm_provider_statistics out = {.struct_size = sizeof out - 1, .base_pages_taken = 77};
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_mmap_statistics(NULL));
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_mmap_statistics(&out));
  out.struct_size = 0;
  assert_status(SLM_ERR_INVALID_ARGUMENT, slm_mmap_statistics(&out));
  assert_int_equal(out.base_pages_taken, 77);
}

static void a_zone_gives_everything_back(void **state) {
  (void)state;
  size_t before = pages_out();
  slm_zone_storage storage;
  slm_options options = *SLM_OPTIONS(slm_mmap_provider());
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  assert_non_null(zone);
  assert_int_equal(slm_zone_page_size(zone, 8, 8), BASE_PAGE);
  enum { COUNT = 20000 };
  void **objects = malloc(COUNT * sizeof *objects);
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = i % 500 == 0 ? 40000 : i % 700;
    objects[i] = slm_zone_allocate(zone, size);
    assert_non_null(objects[i]);
    pattern_fill(objects[i], size, i);
  }
  assert_true(pages_out() > before);
  for (size_t i = 0; i < COUNT; i++) {
    assert_true(pattern_holds(objects[i], i % 500 == 0 ? 40000 : i % 700, i));
    if (i % 3 != 0) assert_ok(slm_zone_deallocate(zone, objects[i]));
  }
  assert_ok(slm_zone_destroy(zone, NULL));
  assert_int_equal(pages_out(), before);
  free(objects);
}

static void *take_and_release(void *argument) {
  uint64_t random = (uint64_t)(uintptr_t)argument;
  uintptr_t faults = 0;
  slm_page_provider provider = slm_mmap_provider();
  for (size_t round = 0; round < 300; round++) {
    size_t size = random_below(&random, 8) == 0 ? SLM_LARGE_PAGE_SIZE : BASE_PAGE;
    unsigned char *pages[4];
    for (size_t i = 0; i < 4; i++) {
      pages[i] = provider.allocate_page(provider.context, size);
      if (pages[i] == NULL) return (void *)(uintptr_t)1;
      pattern_fill(pages[i], 4096, random + i);
    }
    for (size_t i = 0; i < 4; i++) {
      faults += !pattern_holds(pages[i], 4096, random + i);
      provider.release_page(provider.context, pages[i], size);
    }
  }
  return (void *)faults;
}

static void threads_share_it(void **state) {
  (void)state;
  share_it(4, take_and_release);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_names_itself),
      cmocka_unit_test(pages_are_aligned_writable_and_apart),
      cmocka_unit_test(memory_of_a_returned_page_goes_at_once),
      cmocka_unit_test(address_space_goes_back),
      cmocka_unit_test(guards_are_left_out_if_the_system_refuses_them),
      cmocka_unit_test(wrong_arguments_are_refused),
      cmocka_unit_test(a_zone_gives_everything_back),
      cmocka_unit_test(threads_share_it),
  };
  return cmocka_run_group_tests_name("mmap provider", tests, NULL, NULL);
}
