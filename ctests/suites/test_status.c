/* Statuses have names, the library has a version. */
#include "../support/suite.h"

static void every_status_has_its_name(void **state) {
  (void)state;
  static const struct {
    slm_status status;
    slm_status number;
    const char *name;
  } statuses[] = {
      {SLM_OK, 0, "SLM_OK"},
      {SLM_ERR_OUT_OF_MEMORY, -1, "SLM_ERR_OUT_OF_MEMORY"},
      {SLM_ERR_INVALID_LAYOUT, -2, "SLM_ERR_INVALID_LAYOUT"},
      {SLM_ERR_INVALID_ARGUMENT, -3, "SLM_ERR_INVALID_ARGUMENT"},
      {SLM_ERR_NOT_INITIALIZED, -4, "SLM_ERR_NOT_INITIALIZED"},
      {SLM_ERR_BAD_PAGE, -5, "SLM_ERR_BAD_PAGE"},
      {SLM_ERR_WRONG_PAGE_SIZE, -6, "SLM_ERR_WRONG_PAGE_SIZE"},
      {SLM_ERR_PAGE_OWNED, -7, "SLM_ERR_PAGE_OWNED"},
      {SLM_ERR_FOREIGN_POINTER, -8, "SLM_ERR_FOREIGN_POINTER"},
      {SLM_ERR_INTERIOR_POINTER, -9, "SLM_ERR_INTERIOR_POINTER"},
      {SLM_ERR_DOUBLE_FREE, -10, "SLM_ERR_DOUBLE_FREE"},
      {SLM_ERR_LAYOUT_MISMATCH, -11, "SLM_ERR_LAYOUT_MISMATCH"},
      {SLM_ERR_REENTRANT, -12, "SLM_ERR_REENTRANT"},
      {SLM_ERR_NO_PROVIDER, -13, "SLM_ERR_NO_PROVIDER"},
      {SLM_ERR_CANNOT_RESIZE, -14, "SLM_ERR_CANNOT_RESIZE"},
      {SLM_ERR_OVERFLOW, -15, "SLM_ERR_OVERFLOW"},
      {SLM_ERR_WRITE_AFTER_FREE, -16, "SLM_ERR_WRITE_AFTER_FREE"},
      {SLM_ERR_LIMIT, -17, "SLM_ERR_LIMIT"},
      {SLM_ERR_CONSTRUCTOR_FAILED, -18, "SLM_ERR_CONSTRUCTOR_FAILED"},
      {SLM_ERR_IN_USE, -19, "SLM_ERR_IN_USE"},
  };
  for (size_t i = 0; i < COUNT_OF(statuses); i++) {
    /* The numbers are part of the binary interface: they never change. */
    assert_int_equal(statuses[i].status, statuses[i].number);
    assert_string_equal(slm_status_name(statuses[i].status), statuses[i].name);
  }
}

static void other_numbers_are_unknown(void **state) {
  (void)state;
  static const slm_status others[] = {1, 14, 15, 16, -20, -21, 255, -256, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < COUNT_OF(others); i++) assert_string_equal(slm_status_name(others[i]), "SLM_ERR_UNKNOWN");
}

static void library_has_the_version_of_its_header(void **state) {
  (void)state;
  assert_int_equal(slm_version(), SLM_VERSION);
  assert_int_equal(slm_version() >> 16, SLM_VERSION_MAJOR);
  assert_int_equal(slm_version() >> 8 & 0xFF, SLM_VERSION_MINOR);
  assert_int_equal(slm_version() & 0xFF, SLM_VERSION_PATCH);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_has_its_name),
      cmocka_unit_test(other_numbers_are_unknown),
      cmocka_unit_test(library_has_the_version_of_its_header),
  };
  return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
