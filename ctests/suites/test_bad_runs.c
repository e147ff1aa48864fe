/* A provider that gives runs that are misaligned, owned, short or otherwise not what was asked: each call says so, and
 * nothing is lost. Slabs of several pages and objects with a run of their own. */
#include "../support/run_provider.h"

/** Slabs of more than one page, whose runs the provider is asked for, and objects with a run of their own. */
static const size_t sizes[] = {3000, 10000, 28000, 70000, 300000, 3000000};

/** A zone with objects of each kind, so that the next call of the provider is for what the test allocates. */
typedef struct bad_fixture {
  run_fixture runs;
  unsigned char *objects[COUNT_OF(sizes)], *small, *top;
  slm_statistics before;
  size_t out;
} bad_fixture;

static void open_bad(bad_fixture *f) {
  open_runs(&f->runs, 4096, true);
  f->small = slm_zone_allocate(f->runs.zone, 100);
  assert_non_null(f->small);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    f->objects[i] = slm_zone_allocate(f->runs.zone, sizes[i]);
    assert_non_null(f->objects[i]);
    pattern_fill_ends(f->objects[i], sizes[i], i);
  }
  f->top = f->runs.provider.arena + RUN_ARENA_SIZE / 2;
  f->before = statistics_of(f->runs.zone);
  f->out = f->runs.provider.pages_out;
}

/** The zone holds what it held, and its objects have their content. */
static void check_bad(bad_fixture *f) {
  slm_statistics now = statistics_of(f->runs.zone);
  assert_int_equal(f->runs.provider.pages_out, f->out);
  assert_int_equal(now.slots_live, f->before.slots_live);
  assert_int_equal(now.bytes_held, f->before.bytes_held);
  assert_int_equal(now.base_pages_taken - now.base_pages_given_back,
                   f->before.base_pages_taken - f->before.base_pages_given_back);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) assert_true(pattern_ends_hold(f->objects[i], sizes[i], i));
}

/** Allocates objects until one is refused; each call of the provider gives this. What was served without it is freed
 * again: before a hardened zone refuses, it takes slots out of quarantine. */
static slm_status allocate_on(bad_fixture *f, size_t alignment, size_t size, void *next) {
  static void *served[10000];
  size_t count = 0, calls = f->runs.provider.calls;
  slm_status status = SLM_OK;
  while (status == SLM_OK) {
    assert_true(count < COUNT_OF(served));
    f->runs.provider.next = next;
    status = slm_zone_allocate_with(f->runs.zone, alignment, size, 0, &served[count]);
    assert_int_equal(served[count] != NULL, status == SLM_OK);
    if (status == SLM_OK) count++;
  }
  f->runs.provider.next = NULL;
  assert_true(f->runs.provider.calls > calls);
  while (count > 0) assert_ok(slm_zone_deallocate(f->runs.zone, served[--count]));
  return status;
}

static void close_bad(bad_fixture *f) {
  /* A provider that is well again is served from. */
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    void *object = slm_zone_allocate(f->runs.zone, sizes[i]);
    assert_non_null(object);
    assert_ok(slm_zone_deallocate_sized(f->runs.zone, object, sizes[i]));
  }
  close_runs(&f->runs, COUNT_OF(sizes) + 1);
}

static void misaligned_runs_go_back(void **state) {
  (void)state;
  static const size_t odd[] = {1, 8, 16, 64, 2048, 4095};
  bad_fixture f;
  open_bad(&f);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t j = 0; j < COUNT_OF(odd); j++) {
      assert_status(SLM_ERR_BAD_PAGE, allocate_on(&f, 8, sizes[i], f.top + odd[j]));
      assert_null(f.runs.provider.odd); /* it went back, with its bytes */
      check_bad(&f);
    }
  }
  /* Aligned to a page, but not as was asked. */
  for (size_t alignment = 8192; alignment <= 1 << 20; alignment *= 2) {
    assert_status(SLM_ERR_BAD_PAGE, allocate_on(&f, alignment, 300000, f.top + alignment / 2));
    assert_null(f.runs.provider.odd);
    check_bad(&f);
  }
  close_bad(&f);
}

static void runs_at_the_end_of_the_address_space_go_back(void **state) {
  (void)state;
  bad_fixture f;
  open_bad(&f);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    assert_status(SLM_ERR_BAD_PAGE, allocate_on(&f, 8, sizes[i], (void *)(UINTPTR_MAX - 4095)));
    assert_null(f.runs.provider.odd);
    check_bad(&f);
  }
  close_bad(&f);
}

/** Where a run overlaps what the zone has, it is not touched, and not given back: it is the zone's. */
static void overlapping_runs_are_refused(void **state) {
  (void)state;
  bad_fixture f;
  open_bad(&f);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *owned[2 * COUNT_OF(sizes) + 1];
    size_t count = 0;
    owned[count++] = (unsigned char *)((uintptr_t)f.small & ~(uintptr_t)4095);
    for (size_t j = 0; j < COUNT_OF(sizes); j++) {
      unsigned char *start = (unsigned char *)((uintptr_t)f.objects[j] & ~(uintptr_t)4095);
      owned[count++] = start;
      if (sizes[j] > 65536) owned[count++] = start + sizes[j] / 8192 * 4096;
    }
    for (size_t j = 0; j < count; j++) {
      assert_status(SLM_ERR_PAGE_OWNED, allocate_on(&f, 8, sizes[i], owned[j]));
      f.runs.provider.odd = NULL;
      check_bad(&f);
    }
  }
  close_bad(&f);
}

/** A run that is shorter than was asked shows if what follows it is the zone's. */
static void short_runs_show_where_the_zones_pages_follow(void **state) {
  (void)state;
  bad_fixture f;
  open_bad(&f);
  unsigned char *last = slm_zone_allocate_aligned(f.runs.zone, 16 << 20, 300000);
  assert_non_null(last);
  f.before = statistics_of(f.runs.zone);
  f.out = f.runs.provider.pages_out;
  memset(last, 0x77, 300000);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    assert_status(SLM_ERR_PAGE_OWNED, allocate_on(&f, 8, sizes[i], last - 4096));
    f.runs.provider.odd = NULL;
    assert_true(bytes_are(last, 300000, 0x77));
    check_bad(&f);
  }
  assert_ok(slm_zone_deallocate(f.runs.zone, last));
  close_bad(&f);
}

/** The zone knows all pages of its own, also those that it took for the descriptors of many runs. */
static void pages_of_descriptors_are_known(void **state) {
  (void)state;
  static unsigned char *objects[12000];
  run_fixture f;
  size_t pages = 0, refused = 0;
  open_runs(&f, 4096, true);
  f.provider.longest = 73728; /* neither slabs nor tables come between */
  for (size_t i = 0; i < COUNT_OF(objects); i++)
    assert_non_null(objects[i] = slm_zone_allocate(f.zone, 70000 - CANARY));
  size_t run = run_bytes(70000 - CANARY, 4096), live = statistics_of(f.zone).slots_live;
  for (size_t i = 0; i < COUNT_OF(objects); i++)
    memset(f.provider.out + (objects[i] - f.provider.arena) / 4096, 2, run / 4096);
  for (size_t page = 0; page < RUN_ARENA_SIZE / 4096; page++) {
    if (f.provider.out[page] != 1) continue;
    void *out = NULL;
    f.provider.next = f.provider.arena + page * 4096;
    pages++;
    if (slm_zone_allocate_with(f.zone, 8, 64, 0, &out) == SLM_ERR_PAGE_OWNED) refused++;
    f.provider.next = f.provider.odd = NULL;
    if (out != NULL) break; /* on top of the zone's own memory */
  }
  assert_int_equal(pages, statistics_of(f.zone).table_pages);
  assert_int_equal(refused, pages);
  assert_int_equal(statistics_of(f.zone).slots_live, live);
  for (size_t i = 0; i < COUNT_OF(objects); i++)
    memset(f.provider.out + (objects[i] - f.provider.arena) / 4096, 1, run / 4096);
  close_runs(&f, COUNT_OF(objects));
}

/** A provider that has no runs at the moment, of any length. */
static void no_runs_are_no_memory(void **state) {
  (void)state;
  bad_fixture f;
  open_bad(&f);
  f.runs.provider.dry = true;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    void *out = &f;
    if (sizes[i] <= 65536) continue;
    assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.runs.zone, 8, sizes[i], 0, &out));
    assert_null(out);
    check_bad(&f);
  }
  f.runs.provider.dry = false;
  close_bad(&f);
}

/** A run that another zone has shows by the other zone's seal, if it ends where a slab does. */
static void slabs_of_other_zones_are_refused(void **state) {
  (void)state;
  run_fixture f, other;
  open_runs(&f, 4096, true);
  open_runs(&other, 4096, true);
  assert_ok(slm_zone_deallocate(f.zone, slm_zone_allocate(f.zone, 300000))); /* it has descriptors */
  assert_non_null(slm_zone_allocate(other.zone, 300000));
  size_t before = other.provider.pages_out;
  unsigned char *slab = slm_zone_allocate(other.zone, 16);
  unsigned char *end =
      (unsigned char *)((uintptr_t)slab & ~(uintptr_t)4095) + (other.provider.pages_out - before) * 4096;
  f.provider.next = end - run_bytes(100000, 4096);
  void *out = NULL;
  assert_status(SLM_ERR_PAGE_OWNED, slm_zone_allocate_with(f.zone, 8, 100000, 0, &out));
  assert_null(out);
  f.provider.odd = NULL; /* it is the other's */
  close_runs(&f, 0);
  close_runs(&other, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(misaligned_runs_go_back),
      cmocka_unit_test(runs_at_the_end_of_the_address_space_go_back),
      cmocka_unit_test(overlapping_runs_are_refused),
      cmocka_unit_test(short_runs_show_where_the_zones_pages_follow),
      cmocka_unit_test(pages_of_descriptors_are_known),
      cmocka_unit_test(no_runs_are_no_memory),
      cmocka_unit_test(slabs_of_other_zones_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
