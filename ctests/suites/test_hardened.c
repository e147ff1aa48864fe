/* What a hardened zone finds and hides. The suites of all zones run for hardened ones too: test_hardened_*.c. */
#include "../support/hardened.h"

static void an_overflow_is_found(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 8, 24, 56, 100, 1016, 2000, 9000, SLM_MAX_SIZE, SLM_MAX_SIZE + 1, LARGEST};
  fixture f;
  open_pull(&f, 4096);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    unsigned char *object = slm_zone_allocate(f.zone, sizes[i]), canary[CANARY];
    size_t usable = slm_zone_usable_size(f.zone, object);
    memset(object, 0xFF, usable); /* all of it may be used */
    memcpy(canary, object + usable, CANARY);
    for (size_t at = 0; at < CANARY; at++) { /* one byte, wherever: each bit */
      for (int bit = 0; bit < 8; bit++) {
        object[usable + at] ^= 1 << bit;
        assert_status(SLM_ERR_OVERFLOW, slm_zone_deallocate(f.zone, object));
        object[usable + at] ^= 1 << bit;
      }
    }
    assert_int_equal(object[usable], 0);
    object[usable] = 'x'; /* a string that is one too long */
    everything_says(&f, object, sizes[i], SLM_ERR_OVERFLOW);
    memset(object + usable, 'x', CANARY);
    everything_says(&f, object, sizes[i], SLM_ERR_OVERFLOW);
    assert_true(bytes_are(object, usable, 0xFF) && bytes_are(object + usable, CANARY, 'x'));
    memcpy(object + usable, canary, CANARY);
    assert_ok(slm_zone_deallocate_sized(f.zone, object, sizes[i]));
  }
  close_fixture(&f);
}

/** The key of the slab around an object of a size, as somebody computes it who has read the canary. */
static uintptr_t key_behind(const unsigned char *object, size_t size) {
  uintptr_t canary;
  memcpy(&canary, object + size, CANARY);
  return (canary ^ ((uintptr_t)object + size)) >> 8;
}

/** A canary starts with 0, and who knows that of an object knows none of another slab, and of another zone. */
static void canaries_are_secret(void **state) {
  (void)state;
  enum { COUNT = 3000, KEYS = 100 };
  fixture f[2];
  uintptr_t keys[KEYS], slabs[KEYS];
  size_t count = 0;
  for (size_t z = 0; z < 2; z++) {
    open_pull(&f[z], 4096);
    size_t first = count; /* the second zone may get pages of the first */
    for (size_t i = 0; i < COUNT; i++) {
      unsigned char *object = slm_zone_allocate(f[z].zone, 56);
      memset(object, 'x', 56);
      assert_int_equal(strlen((char *)object), 56); /* the string has no end, and shows nothing of the canary */
      uintptr_t key = key_behind(object, 56), slab = (uintptr_t)object / 4096;
      size_t k = first;
      while (k < count && slabs[k] != slab) k++;
      if (k == count) {
        assert_int_not_equal(count, KEYS);
        for (size_t other = 0; other < count; other++) assert_int_not_equal(keys[other], key);
        slabs[count] = slab;
        keys[count++] = key;
      }
      assert_int_equal(keys[k], key);
    }
    close_with_live(&f[z], COUNT);
  }
  assert_in_range(count, 2 * (COUNT * 64 / 4096), KEYS);
}

/** A canary that somebody made of another slab's is none. */
static void a_forged_canary_is_found(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  unsigned char *first = slm_zone_allocate(f.zone, 56), *other;
  do {
    other = slm_zone_allocate(f.zone, 56);
  } while ((uintptr_t)other / 4096 == (uintptr_t)first / 4096);
  uintptr_t own, forged = key_behind(first, 56) << 8 ^ (((uintptr_t)other + 56) & ~(uintptr_t)0xFF);
  memcpy(&own, other + 56, CANARY);
  memcpy(other + 56, &forged, CANARY);
  assert_status(SLM_ERR_OVERFLOW, slm_zone_deallocate(f.zone, other));
  memcpy(other + 56, &own, CANARY);
  assert_ok(slm_zone_deallocate(f.zone, other));
  close_with_live(&f, statistics(&f).slots_live);
}

/** A page whose slots are all free but those that were written while they were. */
static void write_and_drain(size_t size, size_t offset, bool by_status) {
  fixture f;
  void *object, *next;
  open_push(&f, 4096);
  unsigned char *page = refill(&f, 8, size);
  size_t slots = (size_t)class_of(&f, size).slots_per_page, served = 0, found = 0;
  assert_ok(try(&f, size, &object));
  assert_ok(slm_zone_deallocate(f.zone, object));
  ((unsigned char *)object)[offset] ^= 0x10;
  for (size_t i = 0; i <= slots; i++) {
    if (by_status) {
      slm_status status = try(&f, size, &next);
      found += status == SLM_ERR_WRITE_AFTER_FREE;
      served += status == SLM_OK;
      assert_int_equal(next != NULL, status == SLM_OK);
      if (i == slots) assert_status(SLM_ERR_OUT_OF_MEMORY, status);
    } else {
      next = slm_zone_allocate(f.zone, size);
      found += next == NULL && i < slots;
      served += next != NULL;
    }
    assert_ptr_not_equal(next, object); /* never again */
  }
  assert_int_equal(found, 1);
  assert_int_equal(served, slots - 1);
  assert_int_equal(slots_live(&f), slots - 1);
  assert_int_equal(statistics(&f).slots_retired, 1);
  assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(f.zone, object));
  for (size_t i = 0; i < slots; i++) {
    void *slot = page + i * class_of(&f, size).slot_size;
    if (slot != object) assert_ok(slm_zone_deallocate(f.zone, slot));
  }
  assert_int_equal(class_of(&f, size).empty_pages, 1); /* nothing lives in it, but it stays */
  assert_null(slm_zone_reclaim_page(f.zone, 4096));
  close_fixture(&f);
}

static void a_write_after_free_is_found_at_reuse(void **state) {
  (void)state;
  for (size_t offset = 0; offset < 64; offset++) write_and_drain(64 - CANARY, offset, offset % 2 == 0);
  for (size_t offset = 0; offset < 1280; offset += 61) write_and_drain(1280 - CANARY, offset, true);
}

static void a_batch_ends_at_a_write_after_free(void **state) {
  (void)state;
  fixture f;
  void *objects[100];
  open_push(&f, 4096);
  refill(&f, 8, 56);
  size_t slots = (size_t)class_of(&f, 56).slots_per_page;
  assert_int_equal(slm_zone_allocate_batch(f.zone, 56, slots, objects), slots);
  assert_ok(slm_zone_deallocate_batch(f.zone, objects, slots, NULL));
  *(char *)objects[7] = 1;
  size_t got = slm_zone_allocate_batch(f.zone, 56, 100, objects);
  assert_true(got < slots);
  assert_int_equal(got + slm_zone_allocate_batch(f.zone, 56, 100, objects), slots - 1);
  close_with_live(&f, slots - 1);
}

static void freed_memory_is_cleared(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 56, 1000, 20000};
  fixture f;
  open_pull(&f, 4096);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (size_t round = 0; round < 300; round++) {
      unsigned char *object = slm_zone_allocate(f.zone, sizes[i]);
      size_t usable = slm_zone_usable_size(f.zone, object);
      assert_true(bytes_are(object, usable, 0)); /* also on a page that was another's */
      memset(object, 0xFF, usable);
      assert_ok(slm_zone_deallocate(f.zone, object));
      assert_true(bytes_are(object, usable + CANARY, 0)); /* the test provider lets us look */
    }
  }
  close_fixture(&f);
}

static void a_double_free_is_found_in_quarantine_and_after(void **state) {
  (void)state;
  enum { COUNT = 200 };
  static void *objects[COUNT];
  fixture f;
  open_pull(&f, 4096);
  for (size_t i = 0; i < COUNT; i++) assert_non_null(objects[i] = slm_zone_allocate(f.zone, 56));
  for (size_t i = 0; i < COUNT; i++) {
    assert_ok(slm_zone_deallocate(f.zone, objects[i]));
    for (size_t j = 0; j <= i; j++) everything_says(&f, objects[j], 56, SLM_ERR_DOUBLE_FREE);
    assert_int_equal(slots_live(&f), COUNT - 1 - i); /* what is in quarantine is not live */
  }
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL)); /* quarantine or not, every page goes */
  assert_int_equal(test_provider_out(&f.provider, BASE), 0);
  close_fixture(&f);
}

static void the_quarantine_gives_way(void **state) {
  (void)state;
  static const size_t sizes[] = {56, 1000, 5000};
  static void *objects[600];
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    fixture f;
    open_push(&f, 4096);
    refill(&f, 8, sizes[i]);
    size_t slots = (size_t)class_of(&f, sizes[i]).slots_per_page;
    for (size_t round = 0; round < 3; round++) { /* every slot can be had at once after it was freed */
      for (size_t j = 0; j < slots; j++)
        assert_ok(slm_zone_allocate_with(f.zone, 8, sizes[i], SLM_NOWAIT, &objects[j]));
      assert_null(slm_zone_allocate(f.zone, sizes[i]));
      for (size_t j = 0; j < slots; j++) assert_ok(slm_zone_deallocate(f.zone, objects[j]));
    }
    close_fixture(&f);
  }
}

static void canaries_are_no_objects(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  char *object = slm_zone_allocate(f.zone, 56);
  for (size_t i = 1; i < 64; i++) {
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate(f.zone, object + i));
    assert_int_equal(slm_zone_usable_size(f.zone, object + i), 0);
  }
  assert_status(SLM_ERR_FOREIGN_POINTER, slm_zone_deallocate(f.zone, (char *)&f));
  assert_ok(slm_zone_deallocate(f.zone, object));
  close_fixture(&f);
}

static void sizes_leave_room_for_the_canary(void **state) {
  (void)state;
  fixture f;
  void *out;
  open_pull(&f, 4096);
  for (size_t size = SLM_MAX_SIZE + 1; size <= SLM_MAX_SIZE + CANARY; size++) { /* no class has room for both */
    assert_ok(try(&f, size, &out));
    assert_int_equal(statistics(&f).objects_large, 1);
    assert_ok(slm_zone_deallocate(f.zone, out));
  }
  for (size_t size = LARGEST + 1; size <= SLM_LARGE_PAGE_SIZE; size++)
    assert_status(SLM_ERR_INVALID_LAYOUT, try(&f, size, &out));
  assert_status(SLM_ERR_INVALID_LAYOUT, try(&f, SIZE_MAX, &out));
  assert_status(SLM_ERR_INVALID_LAYOUT, try(&f, SIZE_MAX - CANARY + 1, &out));
  assert_ok(try(&f, SLM_MAX_SIZE, &out));
  assert_int_equal(slm_zone_usable_size(f.zone, out), SLM_MAX_SIZE);
  assert_ok(slm_zone_deallocate(f.zone, out));
  close_fixture(&f);
}

static void objects_of_one_size(void **state) {
  (void)state;
  static const size_t cases[][3] = {{8, 8, 16}, {8, 24, 32}, {8, 100, 112}, {64, 64, 128}, {8, 20000, 20008}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    size_t size = cases[i][1];
    test_provider provider;
    slm_cache_storage storage;
    test_provider_open(&provider, 4096);
    slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
    slm_cache *cache = slm_cache_init(&storage, sizeof storage, cases[i][0], size, &options, NULL);
    assert_non_null(cache);
    if (CANARY == 8) assert_int_equal(slm_cache_slot_size(cache), cases[i][2]);
    unsigned char *object = slm_cache_allocate(cache), *other = slm_cache_allocate_zeroed(cache);
    size_t usable = slm_cache_usable_size(cache, object);
    assert_true(usable >= size && usable == slm_cache_slot_size(cache) - CANARY);
    void *more;
    assert_ok(slm_cache_allocate_with(cache, SLM_ZEROED, &more));
    assert_ok(slm_cache_deallocate(cache, more));
    assert_ok(slm_cache_deallocate(cache, other));
    object[usable] ^= 1;
    assert_status(SLM_ERR_OVERFLOW, slm_cache_deallocate(cache, object));
    assert_status(SLM_ERR_OVERFLOW, slm_cache_deallocate_aligned_sized(cache, object, cases[i][0], size));
    object[usable] ^= 1;
    assert_ok(slm_cache_deallocate_aligned_sized(cache, object, cases[i][0], size));
    assert_status(SLM_ERR_DOUBLE_FREE, slm_cache_deallocate(cache, object));
    *object = 1;
    size_t found = 0;
    /* Until it is that slot's turn, which is a matter of chance, and some more. */
    for (size_t j = 0; j < (found == 0 ? 100000 : 600); j++) {
      slm_status status = slm_cache_allocate_with(cache, 0, &more);
      found += status == SLM_ERR_WRITE_AFTER_FREE;
      if (status == SLM_OK && slm_cache_deallocate(cache, more) != SLM_OK) fail();
    }
    assert_int_equal(found, 1);
    assert_ok(slm_cache_destroy(cache, NULL));
    test_provider_close(&provider);
  }
  assert_null(slm_cache_init(&(slm_cache_storage){0}, sizeof(slm_cache_storage), 8, SLM_MAX_SIZE + 1,
                             &SUITE_OPTIONS((slm_page_provider){0}), NULL));
}

/** What is found in one CPU's zone ends the call: another CPU's would serve it, and nobody would know. */
static void a_zone_per_cpu_reports_a_write(void **state) {
  (void)state;
  static SLM_ALIGNAS(64) unsigned char storage[SLM_ZONE_STORAGE_SIZE + 2 * SLM_ZONE_CPU_STORAGE_SIZE];
  for (int by_status = 0; by_status < 3; by_status++) {
    test_provider provider;
    test_provider_open(&provider, 4096);
    slm_options options = SUITE_OPTIONS(test_provider_both(&provider));
    options.threads = SLM_PER_CPU;
    options.cpu_count = 2;
    slm_zone *zone = slm_zone_init(storage, sizeof storage, &options, NULL);
    assert_non_null(zone);
    assert_ok(slm_zone_reserve(zone, 8, 56, 100)); /* there is memory elsewhere */
    void *object = slm_zone_allocate(zone, 56), *next, *last = NULL;
    assert_ok(slm_zone_deallocate(zone, object));
    *(char *)object = 1;
    size_t found = 0, served = 0;
    provider.dry = true;
    for (size_t i = 0; i < 62; i++) { /* the page of the own zone */
      if (by_status == 0) {
        slm_status status = slm_zone_allocate_with(zone, 8, 56, 0, &next);
        found += status == SLM_ERR_WRITE_AFTER_FREE;
        served += status == SLM_OK;
      } else if (by_status == 1) {
        next = slm_zone_allocate(zone, 56);
        found += next == NULL;
        served += next != NULL;
      } else {
        size_t got = slm_zone_allocate_batch(zone, 56, 1, &next);
        found += got == 0;
        served += got;
        if (got == 0) next = NULL;
      }
      if (next != NULL) last = next;
    }
    assert_int_equal(found, 1);
    assert_int_equal(served, 61);
    provider.dry = false;
    ((unsigned char *)last)[56] ^= 1;
    assert_status(SLM_ERR_OVERFLOW, slm_zone_deallocate(zone, last));
    assert_null(slm_zone_reallocate(zone, last, 3000));
    assert_int_equal(slm_zone_usable_size(zone, last), 56);
    assert_ok(slm_zone_destroy(zone, NULL));
    test_provider_close(&provider);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_overflow_is_found),
      cmocka_unit_test(canaries_are_secret),
      cmocka_unit_test(a_forged_canary_is_found),
      cmocka_unit_test(a_write_after_free_is_found_at_reuse),
      cmocka_unit_test(a_batch_ends_at_a_write_after_free),
      cmocka_unit_test(freed_memory_is_cleared),
      cmocka_unit_test(a_double_free_is_found_in_quarantine_and_after),
      cmocka_unit_test(the_quarantine_gives_way),
      cmocka_unit_test(canaries_are_no_objects),
      cmocka_unit_test(sizes_leave_room_for_the_canary),
      cmocka_unit_test(objects_of_one_size),
      cmocka_unit_test(a_zone_per_cpu_reports_a_write),
  };
  return RUN_SUITE("misuse", tests);
}
