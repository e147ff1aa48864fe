/* Every size and every alignment, served by a zone that takes its own pages. */
#include "../support/family.h"

/** Sizes at both sides of each class of a zone, up to the largest. */
static size_t edge_sizes(fixture *f, size_t *sizes, size_t limit) {
  size_t count = 0;
  uint32_t classes = statistics(f).class_count;
  for (uint32_t i = 0; i < classes; i++) {
    size_t slot = class_statistics(f, i).slot_size;
    for (size_t size = slot - 1; size <= slot + 1 && size <= SLM_MAX_SIZE; size++) {
      assert_true(count < limit);
      sizes[count++] = size;
    }
  }
  sizes[count++] = SLM_MAX_SIZE;
  return count;
}

static void *allocate_checked(fixture *f, size_t size, uint64_t id) {
  unsigned char *object = slm_zone_allocate(f->zone, size);
  assert_non_null(object);
  assert_aligned(object, size <= 8 ? 8 : 16);
  size_t usable = slm_zone_usable_size(f->zone, object);
  assert_true(usable >= size && usable >= 1);
  assert_int_equal(slm_zone_good_size(f->zone, size), usable < SLM_MAX_SIZE ? usable : SLM_MAX_SIZE);
  assert_true(slm_zone_owns(f->zone, object) && slm_zone_owns(f->zone, object + usable - 1));
  pattern_fill(object, usable, id); /* every usable byte is ours */
  return object;
}

static void free_checked(fixture *f, void *object, size_t size, uint64_t id) {
  assert_true(pattern_holds(object, slm_zone_good_size(f->zone, size), id));
  assert_ok(slm_zone_deallocate_sized(f->zone, object, size));
  assert_int_equal(slm_zone_usable_size(f->zone, object), 0);
}

static void every_small_size(void **state) {
  (void)state;
  enum { SIZES = 2049, EACH = 3 };
  static void *objects[SIZES][EACH];
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    for (size_t size = 0; size < SIZES; size++)
      for (size_t i = 0; i < EACH; i++) objects[size][i] = allocate_checked(&f, size, size * EACH + i);
    assert_int_equal(slots_live(&f), SIZES * EACH);
    check_books(&f);
    for (size_t size = 0; size < SIZES; size++)
      for (size_t i = 0; i < EACH; i++) free_checked(&f, objects[size][i], size, size * EACH + i);
    close_fixture(&f);
  }
}

static void sizes_at_the_edge_of_each_class(void **state) {
  (void)state;
  enum { EACH = 3 };
  static size_t sizes[1024];
  static void *objects[1024][EACH];
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    size_t count = edge_sizes(&f, sizes, COUNT_OF(sizes) - 1);
    for (size_t i = 0; i < count; i++)
      for (size_t j = 0; j < EACH; j++) objects[i][j] = allocate_checked(&f, sizes[i], i * EACH + j);
    check_books(&f);
    for (size_t i = count; i-- > 0;)
      for (size_t j = 0; j < EACH; j++) free_checked(&f, objects[i][j], sizes[i], i * EACH + j);
    close_fixture(&f);
  }
}

static void every_alignment(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 24, 100, 1000, 2049, 5000, 70000, SLM_MAX_SIZE};
  enum { EACH = 3 };
  void *objects[COUNT_OF(sizes)][EACH];
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    for (size_t alignment = 1; alignment <= SLM_LARGE_PAGE_SIZE; alignment *= 2) {
      for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (size_t j = 0; j < EACH; j++) {
          objects[i][j] = slm_zone_allocate_aligned(f.zone, alignment, sizes[i]);
          assert_non_null(objects[i][j]);
          assert_aligned(objects[i][j], alignment);
          assert_true(slm_zone_usable_size(f.zone, objects[i][j]) >= sizes[i]);
          pattern_fill(objects[i][j], sizes[i], i * EACH + j);
        }
      }
      for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (size_t j = 0; j < EACH; j++) {
          assert_true(pattern_holds(objects[i][j], sizes[i], i * EACH + j));
          assert_ok(slm_zone_deallocate_aligned_sized(f.zone, objects[i][j], alignment, sizes[i]));
        }
      }
      assert_int_equal(slots_live(&f), 0);
    }
    close_fixture(&f);
  }
}

/** The class of an alignment is that of the size rounded up to it, and has no slot that is not so aligned. */
static void exhaust_aligned(size_t page_size, size_t alignment, size_t size) {
  fixture f;
  open_push(&f, page_size);
  refill(&f, alignment, size);
  uint32_t index = 0;
  while (class_statistics(&f, index).pages == 0) index++;
  slm_class_statistics class = class_statistics(&f, index);
  size_t rounded = (size + CANARY + alignment - 1) / alignment * alignment, count = 0;
  assert_int_equal(class.slot_size, class_of(&f, rounded - CANARY).slot_size);
  for (void *object; (object = slm_zone_allocate_aligned(f.zone, alignment, size)) != NULL; count++) {
    assert_aligned(object, alignment);
    assert_true(slm_zone_usable_size(f.zone, object) >= size);
  }
  assert_int_equal(count, class.slots_per_page);
  assert_null(slm_zone_allocate(f.zone, rounded - CANARY));
  close_with_live(&f, count);
}

static void an_alignment_has_every_slot_of_its_class(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 8, 24, 40, 600, 3000, 9000, 66000, 120000};
  EACH_BASE_PAGE_SIZE(page_size) {
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
      for (size_t alignment = 16; alignment <= 131072; alignment *= 2)
        if ((sizes[i] + CANARY + alignment - 1) / alignment * alignment <= 131072)
          exhaust_aligned(page_size, alignment, sizes[i]);
  }
}

static void zeroed_memory_reads_as_zero(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 8, 13, 100, 2048, 30000, SLM_MAX_SIZE};
  enum { EACH = 40 };
  unsigned char *objects[EACH];
  fixture f;
  open_pull(&f, 16384);
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    for (int round = 0; round < 3; round++) { /* fresh pages first, then memory that was ours and is dirty */
      for (size_t j = 0; j < EACH; j++) {
        if (j % 2 == 0) {
          objects[j] = slm_zone_allocate_zeroed(f.zone, sizes[i]);
        } else {
          void *out = NULL;
          assert_ok(slm_zone_allocate_with(f.zone, 64, sizes[i], SLM_ZEROED, &out));
          assert_aligned(out, 64);
          objects[j] = out;
        }
        assert_non_null(objects[j]);
        assert_true(bytes_are(objects[j], sizes[i], 0));
        memset(objects[j], 0xFF, slm_zone_usable_size(f.zone, objects[j]));
      }
      for (size_t j = 0; j < EACH; j++) assert_ok(slm_zone_deallocate(f.zone, objects[j]));
    }
  }
  close_fixture(&f);
}

static void good_size_is_what_is_given(void **state) {
  (void)state;
  EACH_BASE_PAGE_SIZE(page_size) {
    fixture f;
    open_pull(&f, page_size);
    size_t last = 0;
    assert_int_equal(slm_zone_good_size(f.zone, 0), slm_zone_good_size(f.zone, 1));
    for (size_t size = 1; size <= SLM_MAX_SIZE; size++) {
      size_t good = slm_zone_good_size(f.zone, size);
      assert_true(good >= size && good >= last);
      assert_true(good <= size + size / 4 + 15); /* four classes for each doubling, none below 16 apart */
      if (good != last) {                        /* it can be asked for, and is given */
        assert_true(good <= SLM_MAX_SIZE);
        assert_int_equal(slm_zone_good_size(f.zone, good), good);
        free_checked(&f, allocate_checked(&f, good, good), good, good);
      }
      last = good;
    }
    /* An object above takes a large page. */
    static const size_t large[] = {SLM_MAX_SIZE + 1, 300000, LARGEST};
    for (size_t i = 0; i < COUNT_OF(large); i++) {
      void *object = slm_zone_allocate(f.zone, large[i]);
      assert_int_equal(slm_zone_usable_size(f.zone, object), LARGEST);
      assert_int_equal(slm_zone_good_size(f.zone, large[i]), LARGEST);
      assert_ok(slm_zone_deallocate(f.zone, object));
    }
    assert_int_equal(slm_zone_good_size(f.zone, LARGEST + 1), 0);
    assert_int_equal(slm_zone_good_size(f.zone, SIZE_MAX), 0);
    close_fixture(&f);
  }
}

static void owns_tells_pages_from_other_memory(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  unsigned char *small = slm_zone_allocate(f.zone, 100), *large = slm_zone_allocate(f.zone, 100000);
  unsigned char *page = (unsigned char *)((uintptr_t)small & ~(uintptr_t)4095);
  unsigned char *large_page = (unsigned char *)((uintptr_t)large & ~(SLM_LARGE_PAGE_SIZE - 1));
  assert_true(slm_zone_owns(f.zone, page) && slm_zone_owns(f.zone, page + 4095));
  assert_true(slm_zone_owns(f.zone, large_page) && slm_zone_owns(f.zone, large_page + SLM_LARGE_PAGE_SIZE - 1));
  assert_false(slm_zone_owns(f.zone, large_page - 1));
  assert_false(slm_zone_owns(f.zone, NULL) || slm_zone_owns(f.zone, &f) || slm_zone_owns(f.zone, (void *)UINTPTR_MAX));
  void *stranger = test_provider_take(&f.provider, 4096);
  assert_false(slm_zone_owns(f.zone, stranger));
  test_provider_give_back(&f.provider, stranger, 4096);
  assert_ok(slm_zone_deallocate(f.zone, small));
  assert_ok(slm_zone_deallocate(f.zone, large));
  assert_true(slm_zone_owns(f.zone, small)); /* the page is empty but still the zone's */
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  assert_false(slm_zone_owns(f.zone, small) || slm_zone_owns(f.zone, large));
  close_fixture(&f);
}

static void freed_memory_is_used_again(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, 4096);
  for (size_t i = 0; i < 100000; i++) {
    void *object = slm_zone_allocate(f.zone, i % 2000);
    assert_non_null(object);
    assert_ok(slm_zone_deallocate(f.zone, object));
  }
  /* Each class may keep the page it used last, and those that its quarantine lies in. */
  assert_true(test_provider_out(&f.provider, BASE) <= (CANARY ? 3 : 1) * statistics(&f).class_count);
  assert_int_equal(test_provider_out(&f.provider, LARGE), 0);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_small_size),
      cmocka_unit_test(sizes_at_the_edge_of_each_class),
      cmocka_unit_test(every_alignment),
      cmocka_unit_test(an_alignment_has_every_slot_of_its_class),
      cmocka_unit_test(zeroed_memory_reads_as_zero),
      cmocka_unit_test(good_size_is_what_is_given),
      cmocka_unit_test(owns_tells_pages_from_other_memory),
      cmocka_unit_test(freed_memory_is_used_again),
  };
  return RUN_SUITE("sizes and alignments", tests);
}
