/* The profile fast of each family: what it leaves out, and what it does not. */
#include "../support/family.h"

/** The checks of one family, for both profiles: in `fast` the size that a deallocation is given does not matter. */
#define CHECK_FAMILY(prefix, fast, init)                                                                               \
  do {                                                                                                                 \
    test_provider provider;                                                                                            \
    test_provider_open(&provider, 4096);                                                                               \
    slm_options options = SLM_OPTIONS(test_provider_both(&provider));                                                  \
    options.flags = (fast) ? SLM_FAST : 0;                                                                             \
    prefix##_type *zone = init;                                                                                        \
    assert_non_null(zone);                                                                                             \
    static const size_t sizes[] = {0, 1, 8, 100, 1024, 1025, 5000, 60000, SLM_MAX_SIZE, SLM_MAX_SIZE + 1, SIZE_MAX};   \
    for (size_t i = 0; i < COUNT_OF(sizes) - 2; i++) {                                                                 \
      for (size_t j = 0; j < COUNT_OF(sizes); j++) {                                                                   \
        bool too_large = sizes[j] > SLM_MAX_SIZE;                                                                      \
        char *object = prefix##_allocate(zone, sizes[i]);                                                              \
        assert_non_null(object);                                                                                       \
        bool same = !too_large && prefix##_good_size(zone, sizes[i]) == prefix##_good_size(zone, sizes[j]);            \
        slm_status wrong = too_large ? SLM_ERR_INVALID_LAYOUT : SLM_ERR_LAYOUT_MISMATCH;                               \
        slm_status want = (fast) || same ? SLM_OK : wrong;                                                             \
        assert_status(SLM_ERR_INTERIOR_POINTER, prefix##_deallocate(zone, object + 1));                                \
        if (j % 2 == 0) assert_status(want, prefix##_deallocate_sized(zone, object, sizes[j]));                        \
        else assert_status(want, prefix##_deallocate_aligned_sized(zone, object, 8, sizes[j]));                        \
        assert_status(want == SLM_OK ? SLM_ERR_DOUBLE_FREE : SLM_OK, prefix##_deallocate(zone, object));               \
        slm_status again = (fast) || !too_large ? SLM_ERR_DOUBLE_FREE : SLM_ERR_INVALID_LAYOUT;                        \
        assert_status(again, prefix##_deallocate_sized(zone, object, sizes[j]));                                       \
      }                                                                                                                \
    }                                                                                                                  \
    assert_status(SLM_ERR_FOREIGN_POINTER, prefix##_deallocate_sized(zone, &provider, 8));                             \
    assert_ok(prefix##_deallocate_sized(zone, NULL, 8));                                                               \
    assert_ok(prefix##_destroy(zone, NULL));                                                                           \
    assert_status(SLM_ERR_NOT_INITIALIZED, prefix##_deallocate_sized(zone, &provider, 8));                             \
    test_provider_close(&provider);                                                                                    \
  } while (0)

typedef slm_zone slm_zone_type;
typedef slm_safe_zone slm_safe_zone_type;
typedef slm_smp_zone slm_smp_zone_type;

static void zones(void **state) {
  (void)state;
  static slm_zone_storage storage;
  for (int fast = 0; fast < 2; fast++) CHECK_FAMILY(slm_zone, fast, slm_zone_init(&storage, sizeof storage, &options));
}

static void safe_zones(void **state) {
  (void)state;
  static slm_safe_zone_storage storage;
  for (int fast = 0; fast < 2; fast++)
    CHECK_FAMILY(slm_safe_zone, fast, slm_safe_zone_init(&storage, sizeof storage, &options));
}

static void smp_zones(void **state) {
  (void)state;
  static SLM_ALIGNAS(64) unsigned char storage[SLM_SMP_ZONE_STORAGE_SIZE(2)];
  for (int fast = 0; fast < 2; fast++)
    CHECK_FAMILY(slm_smp_zone, fast, slm_smp_zone_init(storage, sizeof storage, 2, &options));
}

static void size_class_allocators(void **state) {
  (void)state;
  static slm_sc_storage storage;
  for (int fast = 0; fast < 2; fast++) {
    test_provider provider;
    test_provider_open(&provider, 4096);
    slm_options options = SLM_OPTIONS(test_provider_both(&provider));
    options.flags = fast ? SLM_FAST : 0;
    slm_sc *sc = slm_sc_init(&storage, sizeof storage, 8, 24, &options);
    void *object = slm_sc_allocate(sc);
    assert_non_null(object);
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_sc_deallocate(sc, (char *)object + 8));
    assert_status(fast ? SLM_OK : SLM_ERR_LAYOUT_MISMATCH, slm_sc_deallocate_aligned_sized(sc, object, 8, 25));
    assert_status(fast ? SLM_ERR_DOUBLE_FREE : SLM_OK, slm_sc_deallocate_aligned_sized(sc, object, 8, 24));
    assert_ok(slm_sc_destroy(sc, NULL));
    test_provider_close(&provider);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(zones),
      cmocka_unit_test(safe_zones),
      cmocka_unit_test(smp_zones),
      cmocka_unit_test(size_class_allocators),
  };
  return cmocka_run_group_tests_name("fast zones", tests, NULL, NULL);
}
