/* How a zone is set up: its base page size, its options, its storage. */
#include "../support/family.h"

static void base_page_size_is_the_options_or_the_providers(void **state) {
  (void)state;
  static const struct {
    uint32_t options, provider;
    size_t page_size; /* 0: refused */
  } cases[] = {
      {0, 0, 4096},
      {4096, 0, 4096},
      {16384, 0, 16384},
      {65536, 0, 65536},
      {0, 4096, 4096},
      {0, 16384, 16384},
      {16384, 16384, 16384},
      {65536, 65536, 65536},
      {4096, 16384, 0},
      {16384, 4096, 0},
      {8192, 0, 0},
      {1, 0, 0},
      {SLM_LARGE_PAGE_SIZE, 0, 0},
      {4095, 0, 0},
      {32768, 0, 0},
      {0, 8192, 0},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    fixture f;
    test_provider_open(&f.provider, cases[i].page_size ? cases[i].page_size : 4096);
    slm_options options = SUITE_OPTIONS(test_provider_both(&f.provider));
    options.page_size = cases[i].options;
    options.provider.page_size = cases[i].provider;
    f.zone = slm_zone_init(&f.storage, sizeof f.storage, &options, NULL);
    if (cases[i].page_size == 0) {
      assert_null(f.zone);
      test_provider_close(&f.provider);
      continue;
    }
    assert_ptr_equal(f.zone, &f.storage);
    assert_int_equal(slm_zone_page_size(f.zone, 8, 100), cases[i].page_size);
    assert_int_equal(slm_zone_page_size(f.zone, 8, 100000), SLM_LARGE_PAGE_SIZE);
    still_works(&f);
    close_fixture(&f);
  }
}

static void page_size_follows_the_layout(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    size_t largest_on_base = (page_size / 16 > 2048 ? page_size / 16 : 2048) - CANARY;
    for (size_t size = 0; size <= SLM_MAX_SIZE; size += 1 + size / 16)
      assert_int_equal(slm_zone_page_size(f.zone, 1, size), size <= largest_on_base ? page_size : SLM_LARGE_PAGE_SIZE);
    assert_int_equal(slm_zone_page_size(f.zone, 131072, 1), SLM_LARGE_PAGE_SIZE);
    assert_int_equal(slm_zone_page_size(f.zone, 1, LARGEST + 1), 0);
    assert_int_equal(slm_zone_page_size(f.zone, 0, 1), 0);
    assert_int_equal(slm_zone_page_size(f.zone, 3, 1), 0);
    assert_int_equal(slm_zone_page_size(f.zone, 2 * SLM_LARGE_PAGE_SIZE, 1), 0);
    assert_int_equal(slm_zone_page_size(f.zone, SIZE_MAX, SIZE_MAX), 0);
    close_fixture(&f);
  }
}

static void wrong_options_are_refused(void **state) {
  (void)state;
  fixture f;
  test_provider_open(&f.provider, 4096);
  const slm_options right = SUITE_OPTIONS(test_provider_both(&f.provider));
  slm_options wrong = right;
  wrong.struct_size = 0;
  assert_null(slm_zone_init(&f.storage, sizeof f.storage, &wrong, NULL));
  wrong.struct_size = sizeof wrong - 1;
  assert_null(slm_zone_init(&f.storage, sizeof f.storage, &wrong, NULL));
  wrong = right;
  wrong.flags = SLM_FAST | SLM_HARDENED;
  assert_null(slm_zone_init(&f.storage, sizeof f.storage, &wrong, NULL));
  for (unsigned bit = 2; bit < 64; bit++) {
    wrong = right;
    wrong.flags = (uint64_t)1 << bit;
    assert_null(slm_zone_init(&f.storage, sizeof f.storage, &wrong, NULL));
  }
  wrong = right;
  wrong.provider.release_page = NULL; /* could take pages and never give them back */
  assert_null(slm_zone_init(&f.storage, sizeof f.storage, &wrong, NULL));
  wrong = right;
  wrong.provider.struct_size = 8;
  assert_null(slm_zone_init(&f.storage, sizeof f.storage, &wrong, NULL));

  /* A later version of the struct has more fields; what this one knows of is at the same place. */
  struct {
    slm_options options;
    uint64_t later[4];
  } longer = {.options = right};
  longer.options.struct_size = sizeof longer;
  f.zone = slm_zone_init(&f.storage, sizeof f.storage, &longer.options, NULL);
  assert_non_null(f.zone);
  still_works(&f);
  close_fixture(&f);
}

static void storage_is_used_within_its_bounds(void **state) {
  (void)state;
  fixture f;
  struct {
    storage_type storage;
    unsigned char guard[64];
  } memory;
  test_provider_open(&f.provider, 4096);
  const slm_options options = SUITE_OPTIONS(test_provider_both(&f.provider));
  slm_options hardened = options;
  hardened.flags = SLM_HARDENED;
  size_t size = slm_zone_storage_size(&options), most = slm_zone_storage_size(&hardened);
  assert_true(0 < size && size <= most && most <= sizeof(storage_type));
  memset(&memory, 0x5C, sizeof memory);
  assert_null(slm_zone_init(NULL, size, &options, NULL));
  assert_null(slm_zone_init(&memory, most - 1, &hardened, NULL)); /* the others need less */
  assert_null(slm_zone_init(&memory, size / 4, &options, NULL));
  assert_null(slm_zone_init(&memory, 0, &options, NULL));
  for (size_t offset = 1; offset < 64; offset *= 2)
    assert_null(slm_zone_init((char *)&memory + offset, sizeof memory - offset, &options, NULL));
  assert_true(bytes_are(&memory, sizeof memory, 0x5C));                                /* refused, so not written */
  assert_ptr_equal(slm_zone_init(&memory, SIZE_MAX, SUITE_NO_OPTIONS, NULL), &memory); /* as much as you like */
  assert_true(bytes_are((char *)&memory + size, sizeof memory - size, 0x5C));
  f.zone = slm_zone_init(&memory, size, &options, NULL);
  assert_ptr_equal(f.zone, &memory);
  still_works(&f);
  for (size_t i = 0; i < 3000; i++) assert_non_null(slm_zone_allocate(f.zone, 2048));
  close_with_live(&f, 3000);
  assert_true(bytes_are((char *)&memory + size, sizeof memory - size, 0x5C));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(base_page_size_is_the_options_or_the_providers),
      cmocka_unit_test(page_size_follows_the_layout),
      cmocka_unit_test(wrong_options_are_refused),
      cmocka_unit_test(storage_is_used_within_its_bounds),
  };
  return RUN_SUITE("options", tests);
}
