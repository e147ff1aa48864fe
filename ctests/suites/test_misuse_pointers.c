/* Wrong pointers get a status and change nothing, and are not touched: after each, the same zone goes on working. */
#include "../support/victim.h"

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
    slm_class_statistics class = class_of(&v.f, i == 0 ? 40 : 700);
    size_t slot = class.slot_size, slots = (size_t) class.slots_per_page;
    for (size_t at = 0; at < 4096; at++) {
      char *address = pages[i] + at;
      if (address == v.small || address == v.medium) continue;
      bool start = at % slot == 0 && at / slot < slots;
      assert_status(start ? SLM_ERR_DOUBLE_FREE : SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate(v.f.zone, address));
      assert_int_equal(slm_zone_usable_size(v.f.zone, address), 0);
    }
  }
  char *large_page = (char *)((uintptr_t)v.large & ~(SLM_LARGE_PAGE_SIZE - 1));
  for (size_t at = SLM_LARGE_PAGE_SIZE - 8192; at < SLM_LARGE_PAGE_SIZE; at += 4)
    assert_status(SLM_ERR_INTERIOR_POINTER, slm_zone_deallocate(v.f.zone, large_page + at));
  close_victim(&v);
}

static void a_double_free_is_found_at_any_distance(void **state) {
  (void)state;
  victim v;
  enum { COUNT = 500 };
  void *objects[COUNT];
  open_victim(&v);
  for (size_t i = 0; i < COUNT; i++) assert_non_null(objects[i] = slm_zone_allocate(v.f.zone, 40));
  for (size_t i = 0; i < COUNT; i++) {
    assert_ok(slm_zone_deallocate(v.f.zone, objects[i]));
    assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(v.f.zone, objects[i]));
    assert_status(SLM_ERR_DOUBLE_FREE, slm_zone_deallocate(v.f.zone, objects[i / 2]));
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
  slm_zone *zone = v.f.zone;
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(zone, v.small, 49));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(zone, v.small, 24));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(zone, v.small, 0));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(zone, v.small, SLM_MAX_SIZE));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_aligned_sized(zone, v.small, 64, 40));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_aligned_sized(zone, v.small, SLM_LARGE_PAGE_SIZE, 40));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(zone, v.medium, 40));
  assert_status(SLM_ERR_LAYOUT_MISMATCH, slm_zone_deallocate_sized(zone, v.large, 700));
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
  void *pointers[] = {on_stack,  on_heap,     &v.f.storage, v.f.zone,   page,
                      page + 48, other.small, other.medium, other.large};
  for (size_t i = 0; i < COUNT_OF(pointers); i++) refused_everywhere(&v, pointers[i], SLM_ERR_FOREIGN_POINTER);
  assert_true(bytes_are(on_stack, sizeof on_stack, 0x5C) && bytes_are(on_heap, 64, 0x5C));
  assert_memory_equal(page, (char *)((uintptr_t)v.small & ~(uintptr_t)4095), 4096);
  unharmed(&other);
  unharmed(&v);
  /* Not mapped, or not readable: touching it would end the test. */
  assert_int_equal(munmap(page, 4096), 0);
  assert_int_equal(mprotect(neighbour, 4096, PROT_NONE), 0);
  void *wild[] = {page,
                  page + 8,
                  neighbour,
                  neighbour + 48,
                  (void *)1,
                  (void *)8,
                  (void *)4096,
                  (void *)UINTPTR_MAX,
                  (void *)(UINTPTR_MAX - 4095),
                  (void *)((uintptr_t)1 << 63),
                  (void *)(uintptr_t)0x800000000000,
                  (void *)(uintptr_t)0xFFFFFFFF80000000};
  for (size_t i = 0; i < COUNT_OF(wild); i++) {
    refused_everywhere(&v, wild[i], SLM_ERR_FOREIGN_POINTER);
    assert_false(slm_zone_owns(v.f.zone, wild[i]));
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
    assert_int_equal(slm_zone_allocate_batch(v.f.zone, 1024, 400, objects), 400);
    assert_int_equal(slm_zone_allocate_batch(v.f.zone, 100000, 60, large), 60);
    assert_ok(slm_zone_deallocate_batch(v.f.zone, objects, 400, NULL));
    assert_ok(slm_zone_deallocate_batch(v.f.zone, large, 60, NULL));
    refused_everywhere(&v, objects[0], SLM_ERR_DOUBLE_FREE); /* the page is still ours */
    assert_ok(slm_zone_reclaim(v.f.zone, SIZE_MAX, SIZE_MAX, NULL));
    for (size_t i = 0; i < 400; i += 11) {
      refused_everywhere(&v, objects[i], SLM_ERR_FOREIGN_POINTER);
      refused_everywhere(&v, large[i % 60], SLM_ERR_FOREIGN_POINTER);
      assert_false(slm_zone_owns(v.f.zone, objects[i]) || slm_zone_owns(v.f.zone, large[i % 60]));
    }
    close_victim(&v);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pointers_into_and_beside_slots), cmocka_unit_test(a_double_free_is_found_at_any_distance),
      cmocka_unit_test(layouts_of_another_class),       cmocka_unit_test(memory_that_was_never_ours),
      cmocka_unit_test(memory_that_was_given_back),
  };
  return RUN_SUITE("misuse of pointers", tests);
}
