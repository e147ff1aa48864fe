/* Writes over the edges of a hardened zone's pages: they are found before the zone believes what was written. */
#include "../support/hardened.h"

#define PAGE ((size_t)4096)
/* The descriptor, with which a page ends. */
#define DESCRIPTOR ((size_t)64)

/** A zone whose one page of a size has a slot that is free, and one in quarantine. */
typedef struct full_page {
  fixture f;
  size_t size, slots;
  unsigned char *page, *end; /* of the last slot */
  unsigned char *object;     /* one that lives */
  void *freed;               /* that in quarantine */
} full_page;

static void open_full_page(full_page *t, size_t size) {
  open_push(&t->f, PAGE);
  t->size = size;
  t->page = refill(&t->f, 8, size);
  slm_class_statistics class = class_of(&t->f, size);
  t->slots = (size_t) class.slots_per_page;
  t->end = t->page + t->slots * class.slot_size;
  for (size_t i = 0; i < t->slots - 1; i++) {
    t->freed = t->object;
    assert_non_null(t->object = slm_zone_allocate(t->f.zone, size));
  }
  assert_ok(slm_zone_deallocate(t->f.zone, t->freed));
}

/** Everything that is done with the page says this, each time. */
static void page_says(full_page *t, slm_status want) {
  void *out = t;
  for (int i = 0; i < 2; i++) {
    everything_says(&t->f, t->object, t->size, want);
    everything_says(&t->f, t->freed, t->size, want);
    everything_says(&t->f, t->page + 1, t->size, want);
    assert_int_equal(slm_zone_usable_size(t->f.zone, t->object), 0);
    assert_status(want, try(&t->f, t->size, &out));
    assert_null(out);
    assert_null(slm_zone_allocate(t->f.zone, t->size));
    assert_int_equal(slm_zone_allocate_batch(t->f.zone, t->size, 1, &out), 0);
  }
}

static void close_full_page(full_page *t) {
  void *out;
  assert_ok(slm_zone_deallocate(t->f.zone, t->object));
  for (size_t i = 0; i < 3; i++) assert_ok(try(&t->f, t->size, &out)); /* every slot is there */
  assert_status(SLM_ERR_OUT_OF_MEMORY, try(&t->f, t->size, &out));
  close_with_live(&t->f, t->slots);
}

static const size_t sizes[] = {8, 24, 56, 100, 1016};

/** From the end of the last slot, over the slot words, as far as it may be. */
static void an_overflow_over_a_page_is_found(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    full_page t;
    unsigned char kept[PAGE];
    open_full_page(&t, sizes[i]);
    size_t length = (size_t)(t.page + PAGE - DESCRIPTOR - t.end);
    memcpy(kept, t.end, length);
    memset(t.end, 0xFF, length); /* all are free */
    page_says(&t, SLM_ERR_OVERFLOW);
    memset(t.end, 0, length); /* none is */
    page_says(&t, SLM_ERR_OVERFLOW);
    memcpy(t.end, kept, length);
    memset(t.end, 'x', length - (t.slots + 63) / 64 * 16); /* to the words, not over them */
    page_says(&t, SLM_ERR_OVERFLOW);
    memcpy(t.end, kept, length);
    close_full_page(&t);
  }
}

/** Below the first slot of the page that follows. */
static void an_underflow_over_a_page_is_found(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    full_page t;
    unsigned char kept[DESCRIPTOR];
    open_full_page(&t, sizes[i]);
    memcpy(kept, t.page + PAGE - DESCRIPTOR, DESCRIPTOR);
    for (size_t length = 1; length <= 32; length++) {
      for (size_t j = 1; j <= length; j++) t.page[PAGE - j] = (unsigned char)~kept[DESCRIPTOR - j];
      page_says(&t, SLM_ERR_OVERFLOW);
      memcpy(t.page + PAGE - DESCRIPTOR, kept, DESCRIPTOR);
    }
    close_full_page(&t);
  }
}

/** An empty page over whose edge somebody wrote stays where it is; others go. */
static void an_empty_page_is_left_alone(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, PAGE);
  unsigned char *object = slm_zone_allocate(f.zone, 56), *page = (unsigned char *)((uintptr_t)object & ~(PAGE - 1));
  assert_ok(slm_zone_deallocate(f.zone, object));
  assert_ok(slm_zone_deallocate(f.zone, slm_zone_allocate(f.zone, 1000)));
  page[PAGE - 1] ^= 1;
  slm_reclaimed gone = {.struct_size = sizeof gone};
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &gone));
  assert_int_equal(gone.base_pages, 1);
  assert_null(slm_zone_reclaim_page(f.zone, PAGE));
  page[PAGE - 1] ^= 1;
  close_fixture(&f);
}

/** A page that is given back tells nobody the secret. */
static void a_page_that_goes_tells_nothing(void **state) {
  (void)state;
  fixture f;
  open_pull(&f, PAGE);
  unsigned char *object = slm_zone_allocate(f.zone, 2000);
  uintptr_t secret;
  size_t usable = slm_zone_usable_size(f.zone, object);
  memcpy(&secret, object + usable, CANARY);
  secret ^= (uintptr_t)object + usable;
  assert_ok(slm_zone_deallocate(f.zone, object));
  uintptr_t *page = slm_zone_reclaim_page(f.zone, PAGE);
  assert_ptr_equal(page, object);
  /* Nothing there is the secret and an address of the page, nor half of it. */
  for (size_t i = 0; i < PAGE / sizeof *page; i++) assert_true((page[i] ^ secret ^ (uintptr_t)page) >= PAGE);
  for (size_t i = 0; i < PAGE / 4; i++)
    assert_true((((uint32_t *)page)[i] ^ (uint32_t)(secret ^ (uintptr_t)page)) >= PAGE);
  assert_ok(slm_zone_refill(f.zone, 8, 56, page, PAGE));
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_overflow_over_a_page_is_found),
      cmocka_unit_test(an_underflow_over_a_page_is_found),
      cmocka_unit_test(an_empty_page_is_left_alone),
      cmocka_unit_test(a_page_that_goes_tells_nothing),
  };
  return RUN_SUITE("edges of pages", tests);
}
