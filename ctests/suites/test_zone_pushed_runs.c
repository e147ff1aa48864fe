/* Runs that are pushed, for objects above the size classes. */
#include "../support/run_provider.h"

static slm_status try_allocate(slm_zone *zone, size_t alignment, size_t size) {
  void *out = NULL;
  slm_status status = slm_zone_allocate_with(zone, alignment, size, 0, &out);
  assert_int_equal(out != NULL, status == SLM_OK);
  return status;
}

static void pushed_runs(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    run_fixture f;
    open_runs(&f, page_size, false);
    assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, 8, 300000));
    size_t bytes = slm_zone_page_size(f.zone, 8, 300000), more = slm_zone_page_size(f.zone, 8, 1000000);
    assert_true(bytes % page_size == 0 && bytes >= 300000 + CANARY && bytes < 300000 + 2 * page_size);
    unsigned char *run = take_run(&f, bytes, page_size), *longer = take_run(&f, more, page_size);
    assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_zone_refill(f.zone, 8, 300000, run, bytes - 1));
    assert_status(SLM_ERR_WRONG_PAGE_SIZE, slm_zone_refill(f.zone, 8, 300000, run, 0));
    assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(f.zone, 8, 300000, NULL, bytes));
    assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(f.zone, 8, 300000, run + 64, bytes));
    assert_ok(slm_zone_refill(f.zone, 8, 1000000, longer, more));
    assert_ok(slm_zone_refill(f.zone, 8, 300000, run, bytes));
    assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(f.zone, 8, 300000, run, bytes));
    assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(f.zone, 8, 300000, run + page_size, bytes));
    assert_status(SLM_ERR_PAGE_OWNED, slm_zone_refill(f.zone, 8, 100, run, page_size));
    assert_int_equal(statistics_of(f.zone).slots_live, 0);
    /* The shortest that holds it. */
    unsigned char *object = slm_zone_allocate(f.zone, 300000);
    assert_ptr_equal(object, run);
    assert_true(slm_zone_usable_size(f.zone, object) >= 300000);
    pattern_fill(object, slm_zone_usable_size(f.zone, object), 1);
    unsigned char *other = slm_zone_allocate(f.zone, 200000);
    assert_ptr_equal(other, longer);
    pattern_fill(other, slm_zone_usable_size(f.zone, other), 2);
    assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, 8, 200000));
    assert_true(pattern_holds(object, slm_zone_usable_size(f.zone, object), 1));
    check_runs(&f);
    /* It stays when its object goes, and serves the next. */
    assert_null(slm_zone_reclaim_page(f.zone, bytes));
    assert_ok(slm_zone_deallocate_sized(f.zone, object, 300000));
    assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(f.zone, object));
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate(f.zone, object + page_size));
    assert_true(slm_zone_owns(f.zone, object));
    assert_ptr_equal(object = slm_zone_allocate(f.zone, 150000), run);
    assert_ok(slm_zone_deallocate(f.zone, object));
    /* Out again: one of exactly so many bytes, by the caller's way; or by the provider's. */
    assert_null(slm_zone_reclaim_page(f.zone, bytes - page_size));
    assert_ptr_equal(slm_zone_reclaim_page(f.zone, bytes), run);
    assert_false(slm_zone_owns(f.zone, run));
    run_provider_release_run(&f.provider, run, bytes);
    assert_ok(slm_zone_deallocate(f.zone, other));
    slm_reclaimed out = {.struct_size = sizeof out};
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &out));
    assert_int_equal(out.base_pages, more / page_size);
    assert_int_equal(f.provider.pages_out, 0);
    assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, 8, 300000));
    close_runs(&f, 0);
  }
}

/** An alignment needs a run that has it. */
static void pushed_runs_of_an_alignment(void **state) {
  (void)state;
  run_fixture f;
  open_runs(&f, 4096, false);
  size_t alignment = (size_t)1 << 20, bytes = slm_zone_page_size(f.zone, alignment, 100000);
  (void)take_run(&f, 4096, 4096);
  f.provider.out[0] = 0, f.provider.pages_out--, f.provider.lowest = 0;
  unsigned char *run = take_run(&f, bytes + alignment, alignment);
  assert_status(SLM_ERR_BAD_PAGE, slm_zone_refill(f.zone, alignment, 100000, run + 4096, bytes));
  assert_ok(slm_zone_refill(f.zone, 8, 300000, run + 4096, alignment - 4096));
  assert_status(SLM_ERR_OUT_OF_MEMORY, try_allocate(f.zone, alignment, 100000));
  assert_ok(slm_zone_refill(f.zone, alignment, 100000, run + alignment, bytes));
  void *object = slm_zone_allocate_aligned(f.zone, alignment, 100000);
  assert_ptr_equal(object, run + alignment);
  run_provider_release_run(&f.provider, run, 4096);
  close_runs(&f, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pushed_runs),
      cmocka_unit_test(pushed_runs_of_an_alignment),
  };
  return RUN_SUITE("pushed runs", tests);
}
