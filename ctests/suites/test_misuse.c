/* Wrong calls get a status and change nothing: after each, the same zone goes on working. */
#include "support/family.h"

#include <unistd.h>

/** A zone with live objects, whose content and count no misuse may change. */
typedef struct victim {
  fixture f;
  char *small, *medium, *large; /* live: 40, 700 and 50000 bytes */
  char *freed;                  /* 40 bytes, freed */
} victim;

static void open_victim(victim *v) {
  open_pull(&v->f, 4096);
  assert_non_null(v->small = Z(allocate)(v->f.zone, 40));
  assert_non_null(v->freed = Z(allocate)(v->f.zone, 40));
  assert_non_null(v->medium = Z(allocate)(v->f.zone, 700));
  assert_non_null(v->large = Z(allocate)(v->f.zone, 50000));
  pattern_fill(v->small, 40, 1);
  pattern_fill(v->medium, 700, 2);
  pattern_fill(v->large, 50000, 3);
  assert_ok(Z(deallocate)(v->f.zone, v->freed));
}

static void unharmed(victim *v) {
  assert_int_equal(slots_live(&v->f), 3);
  assert_true(pattern_holds(v->small, 40, 1));
  assert_true(pattern_holds(v->medium, 700, 2));
  assert_true(pattern_holds(v->large, 50000, 3));
  still_works(&v->f);
}

static void close_victim(victim *v) {
  unharmed(v);
  assert_ok(Z(deallocate_sized)(v->f.zone, v->small, 40));
  assert_ok(Z(deallocate_sized)(v->f.zone, v->medium, 700));
  assert_ok(Z(deallocate_sized)(v->f.zone, v->large, 50000));
  close_fixture(&v->f);
}

/** Every way to hand a pointer in refuses this one with this status. */
static void refused_everywhere(victim *v, void *pointer, slm_status want) {
  zone_type *zone = v->f.zone;
  size_t done = 9;
  assert_status(want, Z(deallocate)(zone, pointer));
  assert_status(want, Z(deallocate_sized)(zone, pointer, 40));
  assert_status(want, Z(deallocate_aligned_sized)(zone, pointer, 8, 40));
  assert_status(want, Z(deallocate_batch)(zone, &pointer, 1, &done));
  assert_int_equal(done, 0);
  assert_status(want, Z(resize)(zone, pointer, 8));
  assert_null(Z(reallocate)(zone, pointer, 41));
  assert_null(Z(reallocate)(zone, pointer, 3000));
  assert_null(Z(reallocate_aligned)(zone, pointer, 64, 41));
  assert_int_equal(Z(usable_size)(zone, pointer), 0);
}

static void layouts_that_no_slot_can_have(void **state) {
  (void)state;
  static const struct {
    size_t alignment, size;
  } wrong[] = {
    {0, 8},  {3, 8},  {24, 8}, {SIZE_MAX, 8}, {2 * SLM_LARGE_PAGE_SIZE, 8}, {SLM_LARGE_PAGE_SIZE + 1, 8},
    {(size_t)1 << 63, 8}, {8, SLM_MAX_SIZE + 1}, {8, SIZE_MAX}, {8, SIZE_MAX - 6}, {SLM_LARGE_PAGE_SIZE, SIZE_MAX - 5},
    {(size_t)1 << 63, (size_t)1 << 63}, {0, 0}, {0, SIZE_MAX},
  };
  victim v;
  open_victim(&v);
  zone_type *zone = v.f.zone;
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    void *out = &v, *page = test_provider_take_stray(&v.f.provider, 4096);
    assert_status(SLM_ERR_INVALID_LAYOUT, Z(allocate_with)(zone, wrong[i].alignment, wrong[i].size, 0, &out));
    assert_null(out);
    assert_null(Z(allocate_aligned)(zone, wrong[i].alignment, wrong[i].size));
    assert_int_equal(Z(page_size)(zone, wrong[i].alignment, wrong[i].size), 0);
    assert_status(SLM_ERR_INVALID_LAYOUT, Z(refill)(zone, wrong[i].alignment, wrong[i].size, page, 4096));
    assert_status(SLM_ERR_INVALID_LAYOUT, Z(deallocate_aligned_sized)(zone, v.small, wrong[i].alignment, wrong[i].size));
    assert_null(Z(reallocate_aligned)(zone, v.small, wrong[i].alignment, wrong[i].size));
    if (wrong[i].size > SLM_MAX_SIZE) {
      assert_null(Z(allocate)(zone, wrong[i].size));
      assert_null(Z(allocate_zeroed)(zone, wrong[i].size));
      assert_null(Z(reallocate)(zone, v.small, wrong[i].size));
      assert_status(SLM_ERR_INVALID_LAYOUT, Z(deallocate_sized)(zone, v.small, wrong[i].size));
    }
    unharmed(&v);
    test_provider_give_back_stray(&v.f.provider, page, 4096);
  }
  close_victim(&v);
}

static void size_0_is_the_smallest_class(void **state) {
  (void)state;
  victim v;
  void *objects[3] = {NULL, NULL, NULL};
  open_victim(&v);
  objects[0] = Z(allocate)(v.f.zone, 0);
  objects[1] = Z(allocate_zeroed)(v.f.zone, 0);
  assert_ok(Z(allocate_with)(v.f.zone, 1, 0, 0, &objects[2]));
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(Z(usable_size)(v.f.zone, objects[i]), 8);
    assert_ok(Z(deallocate_sized)(v.f.zone, objects[i], 0));
  }
  close_victim(&v);
}

static void pages_that_no_zone_can_take(void **state) {
  (void)state;
  victim v;
  open_victim(&v);
  zone_type *zone = v.f.zone;
  char *page = test_provider_take_stray(&v.f.provider, 4096);
  char *large = test_provider_take_stray(&v.f.provider, SLM_LARGE_PAGE_SIZE);
  assert_status(SLM_ERR_BAD_PAGE, Z(refill)(zone, 8, 40, NULL, 4096));
  for (size_t offset = 1; offset < 4096; offset *= 2)
    assert_status(SLM_ERR_BAD_PAGE, Z(refill)(zone, 8, 40, page + offset, 4096));
  assert_status(SLM_ERR_BAD_PAGE, Z(refill)(zone, 8, 50000, large + 4096, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_BAD_PAGE, Z(refill)(zone, 8, 50000, large + SLM_LARGE_PAGE_SIZE / 2, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_BAD_PAGE, Z(refill)(zone, 8, 40, (void *)UINTPTR_MAX, 4096));
  static const size_t sizes[] = {0, 1, 2048, 4095, 4097, 8192, 16384, 65536, SLM_LARGE_PAGE_SIZE, SIZE_MAX};
  for (size_t i = 0; i < COUNT_OF(sizes); i++)
    assert_status(SLM_ERR_WRONG_PAGE_SIZE, Z(refill)(zone, 8, 40, page, sizes[i]));
  assert_status(SLM_ERR_WRONG_PAGE_SIZE, Z(refill)(zone, 8, 50000, large, 4096));
  assert_true(bytes_are(page, 4096, PAGE_FRESH)); /* refused, so not written */
  assert_true(bytes_are(large, SLM_LARGE_PAGE_SIZE, PAGE_FRESH));
  assert_false(Z(owns)(zone, page) || Z(owns)(zone, large));
  unharmed(&v);
  memset(v.f.provider.strays, 0, sizeof v.f.provider.strays);
  assert_ok(Z(refill)(zone, 8, 40, page, 4096)); /* there was nothing wrong with the page */
  assert_ok(Z(refill)(zone, 8, 50000, large, SLM_LARGE_PAGE_SIZE));
  close_victim(&v);
}

static void pages_that_are_owned(void **state) {
  (void)state;
  victim v;
  storage_type storage;
  slm_sc_storage sc_storage;
  open_victim(&v);
  zone_type *zone = v.f.zone, *other = Z(init)(&storage, sizeof storage, NULL);
  slm_sc *sc = slm_sc_init(&sc_storage, sizeof sc_storage, 8, 40, NULL);
  char *page = (char *)((uintptr_t)v.small & ~(uintptr_t)4095);
  char *large = (char *)((uintptr_t)v.large & ~(SLM_LARGE_PAGE_SIZE - 1));
  assert_status(SLM_ERR_PAGE_OWNED, Z(refill)(zone, 8, 40, page, 4096));
  assert_status(SLM_ERR_PAGE_OWNED, Z(refill)(zone, 8, 700, page, 4096)); /* as another class */
  assert_status(SLM_ERR_PAGE_OWNED, Z(refill)(zone, 8, 50000, large, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_PAGE_OWNED, Z(refill)(other, 8, 40, page, 4096)); /* by another zone */
  assert_status(SLM_ERR_PAGE_OWNED, Z(refill)(other, 8, 50000, large, SLM_LARGE_PAGE_SIZE));
  assert_status(SLM_ERR_PAGE_OWNED, slm_sc_refill(sc, page, 4096)); /* by another kind of allocator */
  unharmed(&v);
  /* Base pages within a large page of the zone, and a large page around base pages of the zone. */
  for (size_t offset = 0; offset < SLM_LARGE_PAGE_SIZE; offset += 4096 * 73)
    assert_status(SLM_ERR_PAGE_OWNED, Z(refill)(zone, 8, 40, large + offset, 4096));
  assert_status(SLM_ERR_PAGE_OWNED, Z(refill)(zone, 8, 40, large + SLM_LARGE_PAGE_SIZE - 4096, 4096));
  unharmed(&v);
  char *block = test_provider_take(&v.f.provider, SLM_LARGE_PAGE_SIZE);
  for (size_t offset = 0; offset < SLM_LARGE_PAGE_SIZE; offset += SLM_LARGE_PAGE_SIZE - 4096) { /* the first, the last */
    assert_ok(Z(refill)(other, 8, 40, block + offset, 4096));
    assert_status(SLM_ERR_PAGE_OWNED, Z(refill)(other, 8, 50000, block, SLM_LARGE_PAGE_SIZE));
    assert_non_null(Z(allocate)(other, 40)); /* which is still a page of that zone */
    assert_ok(Z(deallocate)(other, block + offset));
    assert_ptr_equal(Z(reclaim_page)(other, 4096), block + offset);
  }
  /* What was given up can be owned again, by anyone. */
  assert_ok(Z(refill)(other, 8, 50000, block, SLM_LARGE_PAGE_SIZE));
  assert_ptr_equal(Z(reclaim_page)(other, SLM_LARGE_PAGE_SIZE), block);
  assert_ok(Z(refill)(zone, 8, 50000, block, SLM_LARGE_PAGE_SIZE));
  /* The byte for byte copy of an owned page is not owned: what a page holds does not matter. */
  void *copy = test_provider_take(&v.f.provider, 4096);
  memcpy(copy, page, 4096);
  assert_ok(slm_sc_refill(sc, copy, 4096));
  assert_ptr_equal(slm_sc_reclaim_page(sc, 4096), copy);
  test_provider_give_back(&v.f.provider, copy, 4096);
  assert_ok(Z(destroy)(other, NULL));
  assert_ok(slm_sc_destroy(sc, NULL));
  close_victim(&v);
}

static void pointers_into_and_beside_slots(void **state) {
  (void)state;
  victim v;
  open_victim(&v);
  for (size_t i = 1; i < 40; i++) refused_everywhere(&v, v.small + i, SLM_ERR_INTERIOR_POINTER);
  for (size_t i = 1; i < 700; i += 9) refused_everywhere(&v, v.medium + i, SLM_ERR_INTERIOR_POINTER);
  for (size_t i = 1; i < 50000; i += 997) refused_everywhere(&v, v.large + i, SLM_ERR_INTERIOR_POINTER);
  refused_everywhere(&v, v.freed, SLM_ERR_DOUBLE_FREE);
  unharmed(&v);
  /* Every address of both pages, the allocator's own data at their ends included, but the live slots. */
  char *pages[] = {(char *)((uintptr_t)v.small & ~(uintptr_t)4095), (char *)((uintptr_t)v.medium & ~(uintptr_t)4095)};
  for (size_t i = 0; i < 2; i++) {
    size_t slot = Z(good_size)(v.f.zone, i == 0 ? 40 : 700);
    size_t slots = class_of(&v.f, slot).slots_per_page;
    for (size_t at = 0; at < 4096; at++) {
      char *address = pages[i] + at;
      if (address == v.small || address == v.medium) continue;
      bool start = at % slot == 0 && at / slot < slots;
      assert_status(start ? SLM_ERR_DOUBLE_FREE : SLM_ERR_INTERIOR_POINTER, Z(deallocate)(v.f.zone, address));
      assert_int_equal(Z(usable_size)(v.f.zone, address), 0);
    }
  }
  char *large_page = (char *)((uintptr_t)v.large & ~(SLM_LARGE_PAGE_SIZE - 1));
  for (size_t at = SLM_LARGE_PAGE_SIZE - 8192; at < SLM_LARGE_PAGE_SIZE; at += 4)
    assert_status(SLM_ERR_INTERIOR_POINTER, Z(deallocate)(v.f.zone, large_page + at));
  close_victim(&v);
}

static void a_double_free_is_found_at_any_distance(void **state) {
  (void)state;
  victim v;
  enum { COUNT = 500 };
  void *objects[COUNT];
  open_victim(&v);
  for (size_t i = 0; i < COUNT; i++) assert_non_null(objects[i] = Z(allocate)(v.f.zone, 40));
  for (size_t i = 0; i < COUNT; i++) {
    assert_ok(Z(deallocate)(v.f.zone, objects[i]));
    assert_status(SLM_ERR_DOUBLE_FREE, Z(deallocate)(v.f.zone, objects[i]));
    assert_status(SLM_ERR_DOUBLE_FREE, Z(deallocate)(v.f.zone, objects[i / 2]));
  }
  for (size_t i = 0; i < COUNT; i += 7) refused_everywhere(&v, objects[i], SLM_ERR_DOUBLE_FREE);
  unharmed(&v);
  /* Freed, and written to by its former owner: the zone does not mind. */
  memset(objects[0], 0xFF, 40);
  memset(objects[COUNT - 1], 0xFF, 40);
  close_victim(&v);
}

static void layouts_of_another_class(void **state) {
  (void)state;
  victim v;
  open_victim(&v);
  zone_type *zone = v.f.zone;
  assert_status(SLM_ERR_LAYOUT_MISMATCH, Z(deallocate_sized)(zone, v.small, 49));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, Z(deallocate_sized)(zone, v.small, 32));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, Z(deallocate_sized)(zone, v.small, 0));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, Z(deallocate_sized)(zone, v.small, SLM_MAX_SIZE));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, Z(deallocate_aligned_sized)(zone, v.small, 64, 40));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, Z(deallocate_aligned_sized)(zone, v.small, SLM_LARGE_PAGE_SIZE, 40));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, Z(deallocate_sized)(zone, v.medium, 40));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, Z(deallocate_sized)(zone, v.large, 700));
  close_victim(&v);
}

static void memory_that_was_never_ours(void **state) {
  (void)state;
  victim v, other;
  open_victim(&v);
  open_victim(&other);
  char *page = test_provider_take_stray(&v.f.provider, 4096);
  char *neighbour = test_provider_take_stray(&v.f.provider, 4096);
  char on_stack[64], *on_heap = malloc(64);
  memset(on_stack, 0x5C, sizeof on_stack);
  memset(on_heap, 0x5C, 64);
  memcpy(page, (char *)((uintptr_t)v.small & ~(uintptr_t)4095), 4096); /* looks just like a page of the zone */
  void *pointers[] = {on_stack, on_heap, &v.f.storage, v.f.zone, page, page + 48, other.small, other.medium, other.large};
  for (size_t i = 0; i < COUNT_OF(pointers); i++) refused_everywhere(&v, pointers[i], SLM_ERR_FOREIGN_POINTER);
  assert_true(bytes_are(on_stack, sizeof on_stack, 0x5C) && bytes_are(on_heap, 64, 0x5C));
  assert_memory_equal(page, (char *)((uintptr_t)v.small & ~(uintptr_t)4095), 4096);
  unharmed(&other);
  unharmed(&v);
  /* Not mapped, or not readable: touching it would end the test. */
  assert_int_equal(munmap(page, 4096), 0);
  assert_int_equal(mprotect(neighbour, 4096, PROT_NONE), 0);
  void *wild[] = {page, page + 8, neighbour, neighbour + 48, (void *)1, (void *)8, (void *)4096, (void *)UINTPTR_MAX,
                  (void *)(UINTPTR_MAX - 4095), (void *)((uintptr_t)1 << 63), (void *)(uintptr_t)0x800000000000,
                  (void *)(uintptr_t)0xFFFFFFFF80000000};
  for (size_t i = 0; i < COUNT_OF(wild); i++) {
    refused_everywhere(&v, wild[i], SLM_ERR_FOREIGN_POINTER);
    assert_false(Z(owns)(v.f.zone, wild[i]));
  }
  assert_true(mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
  assert_int_equal(mprotect(neighbour, 4096, PROT_READ | PROT_WRITE), 0);
  test_provider_give_back_stray(&v.f.provider, page, 4096);
  test_provider_give_back_stray(&v.f.provider, neighbour, 4096);
  free(on_heap);
  close_victim(&other);
  close_victim(&v);
}

static void memory_that_was_given_back(void **state) {
  (void)state;
  for (int poison = 0; poison < 2; poison++) {
    victim v;
    void *objects[400], *large[60];
    open_victim(&v);
    v.f.provider.poison = poison; /* then reading it would end the test */
    assert_int_equal(Z(allocate_batch)(v.f.zone, 1024, 400, objects), 400);
    assert_int_equal(Z(allocate_batch)(v.f.zone, 100000, 60, large), 60);
    assert_ok(Z(deallocate_batch)(v.f.zone, objects, 400, NULL));
    assert_ok(Z(deallocate_batch)(v.f.zone, large, 60, NULL));
    refused_everywhere(&v, objects[0], SLM_ERR_DOUBLE_FREE); /* the page is still ours */
    assert_ok(Z(reclaim)(v.f.zone, SIZE_MAX, SIZE_MAX, NULL));
    for (size_t i = 0; i < 400; i += 11) {
      refused_everywhere(&v, objects[i], SLM_ERR_FOREIGN_POINTER);
      refused_everywhere(&v, large[i % 60], SLM_ERR_FOREIGN_POINTER);
      assert_false(Z(owns)(v.f.zone, objects[i]) || Z(owns)(v.f.zone, large[i % 60]));
    }
    close_victim(&v);
  }
}

static void arguments_that_are_wrong(void **state) {
  (void)state;
  victim v;
  open_victim(&v);
  for (unsigned bit = 1; bit < 32; bit++) {
    void *out = &v;
    assert_status(SLM_ERR_INVALID_ARGUMENT, Z(allocate_with)(v.f.zone, 8, 40, (uint32_t)1 << bit | SLM_ZEROED, &out));
    assert_null(out);
  }
  void *no_object = NULL;
  assert_ok(Z(deallocate)(v.f.zone, NULL));
  assert_ok(Z(deallocate_sized)(v.f.zone, NULL, 40));
  assert_ok(Z(deallocate_aligned_sized)(v.f.zone, NULL, 8, 40));
  assert_status(SLM_ERR_INVALID_ARGUMENT, Z(resize)(v.f.zone, no_object, 40));
  assert_int_equal(Z(usable_size)(v.f.zone, NULL), 0);
  close_victim(&v);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(layouts_that_no_slot_can_have),
    cmocka_unit_test(size_0_is_the_smallest_class),
    cmocka_unit_test(pages_that_no_zone_can_take),
    cmocka_unit_test(pages_that_are_owned),
    cmocka_unit_test(pointers_into_and_beside_slots),
    cmocka_unit_test(a_double_free_is_found_at_any_distance),
    cmocka_unit_test(layouts_of_another_class),
    cmocka_unit_test(memory_that_was_never_ours),
    cmocka_unit_test(memory_that_was_given_back),
    cmocka_unit_test(arguments_that_are_wrong),
  };
  return RUN_SUITE("misuse", tests);
}
