/* When free memory goes back to the system: after a delay, above a limit, on demand. */
#include "../support/process_books.h"

#include <time.h>

static void sleep_milliseconds(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static void *used(size_t size) {
  void *object = slm_malloc(size);
  assert_non_null(object);
  memset(object, 0x5C, size);
  return object;
}

/** Bytes that went back to the system, ever. */
static uint64_t gone(const slm_process_usage *usage) { return usage->bytes_purged + usage->bytes_given_back; }

/** Nothing is retained, and from here on everything will be. */
static slm_process_usage from_clean(void) {
  retain_everything();
  slm_process_purge();
  slm_process_usage now = check_process_books();
  assert_int_equal(now.bytes_retained, 0);
  return now;
}

static void purge_moves_retained_to_clean(void **state) {
  (void)state;
  for (size_t size = 256 * 1024; size <= 64 * MIB; size *= 4) {
    slm_process_usage before = from_clean();
    slm_free(used(size));
    slm_process_usage freed = check_process_books();
    if (is_hardened()) { /* the memory of a freed large object goes at once */
      assert_int_equal(freed.bytes_retained, 0);
      assert_true(gone(&freed) >= gone(&before) + size);
      continue;
    }
    assert_int_equal(freed.bytes_retained, size);
    assert_int_equal(freed.bytes_purged, before.bytes_purged);
    size_t purged = slm_process_purge();
    slm_process_usage after = check_process_books();
    assert_int_equal(purged, freed.bytes_retained);
    assert_int_equal(after.bytes_retained, 0);
    assert_int_equal(after.bytes_purged, freed.bytes_purged + purged);
    assert_int_equal(after.bytes_clean + (after.bytes_given_back - freed.bytes_given_back), freed.bytes_clean + purged);
    assert_int_equal(slm_process_purge(), 0); /* there is nothing more */
  }
}

static void purge_gives_slabs_back(void **state) {
  (void)state;
  enum { COUNT = 40000, SIZE = 500 };
  static void *objects[COUNT];
  slm_process_usage before = from_clean();
  size_t resident = resident_mib();
  for (size_t i = 0; i < COUNT; i++) objects[i] = used(SIZE);
  assert_true(resident_mib() >= resident + COUNT * SIZE / MIB - 2);
  for (size_t i = 0; i < COUNT; i++) slm_free(objects[i]);
  assert_true(check_process_books().bytes_retained > 0);
  assert_true(slm_process_purge() >= COUNT * SIZE / 2);
  slm_process_usage after = check_process_books();
  assert_int_equal(after.bytes_retained, 0);
  assert_true(after.bytes_slabs <= before.bytes_slabs + slab_of_each_class());
  assert_true(resident_mib() <= resident + 4);
}

enum { SCATTERED = 40000, KEPT = 100, SCATTERED_SIZE = 500 };
static unsigned char *scattered[SCATTERED];

/** Objects of which one in a hundred stays. Each slab has some of these. */
static void scatter(void) {
  for (size_t i = 0; i < SCATTERED; i++) scattered[i] = used(SCATTERED_SIZE);
  for (size_t i = 0; i < SCATTERED; i++)
    if (i % KEPT != 0) slm_free(scattered[i]);
  for (size_t i = 0; i < SCATTERED; i += KEPT) pattern_fill(scattered[i], SCATTERED_SIZE, i);
}

static void scattered_end(void) {
  for (size_t i = 0; i < SCATTERED; i += KEPT) {
    assert_true(pattern_holds(scattered[i], SCATTERED_SIZE, i));
    slm_free(scattered[i]);
  }
}

enum { SCATTERED_MIB = SCATTERED * SCATTERED_SIZE / MIB };

static void purge_takes_idle_pages_of_used_slabs(void **state) {
  (void)state;
  from_clean();
  size_t resident = resident_mib();
  scatter();
  assert_true(resident_mib() >= resident + SCATTERED_MIB - 2);
  size_t purged = slm_process_purge();
  slm_process_usage after = check_process_books();
  if (is_hardened()) {
    assert_true(purged < (size_t)SCATTERED_MIB * MIB / 2); /* what is in quarantine is checked when it is evicted */
  } else {
    assert_true(purged >= (size_t)SCATTERED_MIB * MIB / 4 * 3);
    assert_true(after.bytes_slabs >= (uint64_t)SCATTERED_MIB * MIB);
    assert_true(resident_mib() <= resident + SCATTERED_MIB / 4 + 2);
  }
  scattered_end();
}

/** Calls now and then are enough. */
static void idle_pages_go_after_ten_delays(void **state) {
  (void)state;
  if (is_hardened()) skip();
  from_clean();
  size_t resident = resident_mib();
  scatter();
  set_process_options(5, UINT64_C(1) << 40);
  for (size_t i = 0; resident_mib() > resident + SCATTERED_MIB / 2; i++) {
    assert_true(i < 2000);
    sleep_milliseconds(10);
    slm_free(used(MIB));
  }
  check_process_books();
  scattered_end();
}

static void with_no_delay_it_goes_at_once(void **state) {
  (void)state;
  from_clean();
  set_process_options(0, UINT64_C(1) << 40);
  for (size_t i = 0; i < 20; i++) {
    slm_process_usage before = check_process_books();
    slm_free(used(8 * MIB));
    slm_process_usage after = check_process_books();
    assert_int_equal(after.bytes_retained, 0);
    assert_true(after.bytes_purged + after.bytes_given_back >= before.bytes_purged + before.bytes_given_back + 8 * MIB);
  }
}

static void after_the_delay_the_next_call_purges(void **state) {
  (void)state;
  from_clean();
  set_process_options(50, UINT64_C(1) << 40);
  for (size_t i = 0; i < 5; i++) {
    void *object = used(64 * MIB);
    slm_process_usage before = process_statistics(); /* before the free: on a busy machine that may take 50 ms */
    slm_free(object);
    sleep_milliseconds(120);
    slm_free(used(MIB));
    slm_process_usage now = check_process_books();
    assert_true(now.bytes_retained <= 2 * MIB);
    assert_true(gone(&now) >= gone(&before) + 60 * MIB);
  }
}

static void before_the_delay_it_stays(void **state) {
  (void)state;
  slm_process_usage before = from_clean();
  for (size_t i = 0; i < 50; i++) slm_free(used(16 * MIB));
  slm_process_usage after = check_process_books();
  if (is_hardened()) return assert_true(gone(&after) >= gone(&before) + 50 * 16 * MIB);
  assert_int_equal(after.bytes_purged, before.bytes_purged);
  assert_true(after.bytes_retained >= 16 * MIB);
}

static void what_is_above_the_limit_goes_at_once(void **state) {
  (void)state;
  static const uint64_t limits[] = {0, 4 * MIB, 32 * MIB};
  for (size_t i = 0; i < COUNT_OF(limits); i++) {
    void *objects[40];
    from_clean();
    set_process_options(3600000, limits[i]);
    for (size_t j = 0; j < COUNT_OF(objects); j++) objects[j] = used(2 * MIB);
    for (size_t j = 0; j < COUNT_OF(objects); j++) {
      slm_free(objects[j]);
      assert_true(check_process_books().bytes_retained <= limits[i]);
    }
  }
}

static void a_lower_limit_holds_from_the_next_call(void **state) {
  (void)state;
  from_clean();
  slm_free(used(64 * MIB));
  assert_true(process_statistics().bytes_retained >= (is_hardened() ? 0 : 64 * MIB));
  set_process_options(3600000, MIB);
  slm_free(used(SLM_MAX_SIZE + 1));
  assert_true(check_process_books().bytes_retained <= MIB);
}

/** Retained memory is used before more is taken, and clean memory before the system is asked. */
static void free_memory_is_used_first(void **state) {
  (void)state;
  from_clean();
  slm_free(used(64 * MIB));
  slm_process_usage before = check_process_books();
  for (size_t i = 0; i < 30; i++) {
    void *object = used(2 * MIB + i * 65536);
    assert_int_equal(check_process_books().bytes_taken, before.bytes_taken);
    slm_free(object);
    if (i == 15) slm_process_purge();
  }
}

static void what_is_live_is_not_purged(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  static unsigned char *objects[COUNT];
  set_process_options(0, 0);
  for (size_t i = 0; i < COUNT; i++) {
    objects[i] = slm_malloc(i * 37 % 9000);
    assert_non_null(objects[i]);
    pattern_fill(objects[i], i * 37 % 9000, i);
  }
  for (size_t i = 0; i < COUNT; i++) {
    if (i % 3 == 0) continue;
    slm_free(objects[i]);
    if (i % 100 == 1) slm_process_purge();
  }
  slm_process_purge();
  for (size_t i = 0; i < COUNT; i += 3) {
    assert_true(pattern_holds(objects[i], i * 37 % 9000, i));
    slm_free_sized(objects[i], i * 37 % 9000);
  }
  slm_process_purge();
  check_process_books();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(purge_moves_retained_to_clean),
      cmocka_unit_test(purge_gives_slabs_back),
      cmocka_unit_test(purge_takes_idle_pages_of_used_slabs),
      cmocka_unit_test(idle_pages_go_after_ten_delays),
      cmocka_unit_test(with_no_delay_it_goes_at_once),
      cmocka_unit_test(before_the_delay_it_stays),
      cmocka_unit_test(after_the_delay_the_next_call_purges),
      cmocka_unit_test(what_is_above_the_limit_goes_at_once),
      cmocka_unit_test(free_memory_is_used_first),
      cmocka_unit_test(a_lower_limit_holds_from_the_next_call),
      cmocka_unit_test(what_is_live_is_not_purged),
  };
  return cmocka_run_group_tests_name("slm_process_purge", tests, NULL, NULL);
}
