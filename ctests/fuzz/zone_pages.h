/* Operations on pages: they are pushed, reserved and reclaimed, and the provider fails. */
#ifndef ZONE_PAGES_H
#define ZONE_PAGES_H

#include "zone_model.h"

/** A page that is right, misaligned, of the wrong size, or owned already. */
static void refill_page(void) {
  size_t alignment = next_alignment(), size = next_size(), how = next_below(8);
  /* What has no class takes a run: test_zone_pushed_runs pushes such. */
  if (alignment > 65536 && is_layout(alignment, 1)) alignment = 65536;
  if (size > SLM_MAX_SIZE) size = SLM_MAX_SIZE;
  size_t page_size = slm_zone_page_size(m.f.zone, alignment, size);
  CHECK((page_size != 0) == is_layout(alignment, size));
  size_t taken = page_size == 0 ? m.f.provider.base_page_size : page_size;
  unsigned char *page = test_provider_take(&m.f.provider, taken);
  if (page == NULL) return;
  slm_status want = page_size == 0 ? SLM_ERR_INVALID_LAYOUT : SLM_OK;
  slm_status status;
  if (how == 1 && want == SLM_OK) {
    want = SLM_ERR_BAD_PAGE;
    status = slm_zone_refill(m.f.zone, alignment, size, page + 8, page_size);
  } else if (how == 2 && want == SLM_OK) {
    want = SLM_ERR_WRONG_PAGE_SIZE;
    status = slm_zone_refill(m.f.zone, alignment, size, page, page_size * 2);
  } else {
    status = slm_zone_refill(m.f.zone, alignment, size, page, taken);
  }
  CHECK(status == want);
  if (status != SLM_OK) test_provider_give_back(&m.f.provider, page, taken);
  else CHECK(slm_zone_refill(m.f.zone, alignment, size, page, taken) == SLM_ERR_PAGE_OWNED);
}

static void reserve(void) {
  size_t size = next_size(), count = next_below(64);
  slm_status status = slm_zone_reserve(m.f.zone, 8, size, count);
  if (size > SLM_MAX_SIZE) {
    CHECK(status == SLM_ERR_INVALID_LAYOUT);
  } else if (status == SLM_OK) {
    promise.slot = slm_zone_good_size(m.f.zone, size);
    promise.count = count;
    promise.fewest = live_of(promise.slot);
  } else {
    CHECK(excused());
    CHECK(status == SLM_ERR_OUT_OF_MEMORY ||
          (odd_before && (status == SLM_ERR_BAD_PAGE || status == SLM_ERR_PAGE_OWNED)));
  }
}

static void reclaim(void) {
  slm_reclaimed out = {.struct_size = sizeof out};
  m.f.provider.next_page = NULL; /* it may be the zone's no longer */
  size_t base = next_below(20), large = next_below(4);
  size_t before[2] = {test_provider_out(&m.f.provider, BASE), test_provider_out(&m.f.provider, LARGE)};
  CHECK(slm_zone_reclaim(m.f.zone, base, large, &out) == SLM_OK);
  CHECK(out.base_pages <= base && out.large_pages <= large);
  CHECK(before[BASE] - test_provider_out(&m.f.provider, BASE) >= out.base_pages);
  CHECK(before[LARGE] - test_provider_out(&m.f.provider, LARGE) >= out.large_pages);
}

static void reclaim_page(void) {
  m.f.provider.next_page = NULL;
  size_t page_size = next_below(2) ? SLM_LARGE_PAGE_SIZE : m.f.provider.base_page_size;
  void *page = slm_zone_reclaim_page(m.f.zone, page_size);
  if (page == NULL) return;
  CHECK(!slm_zone_owns(m.f.zone, page));
  test_provider_give_back(&m.f.provider, page, page_size);
}

/** A provider that calls back: what needs no further page is served. */
static void call_back(void *context) {
  (void)context;
  void *memory = NULL;
  if (m.count + 3 > MODEL_LIMIT) return;
  slm_status status = slm_zone_allocate_with(m.f.zone, 8, 48, 0, &memory);
  if (status == SLM_OK) model_add(&m, memory, 0, 48);
  else CHECK(memory == NULL && (status == SLM_ERR_REENTRANT || (IS_MANY && status != SLM_ERR_INVALID_LAYOUT)));
}

static void set_up_fault(void) {
  test_provider *p = &m.f.provider;
  switch (next_below(6)) {
  case 0:
    p->dry = !p->dry;
    return;
  case 1:
    p->fail_at = p->calls + 1 + next_below(4);
    return;
  case 2: { /* a page that is misaligned, and goes back */
    if (push || p->odd_page != NULL || p->next_page != NULL) return;
    p->next_page = p->arena + 8;
    return;
  }
  case 3: { /* a page that is the zone's */
    model_object *o = pick();
    if (push || o == NULL || p->next_page != NULL || IS_MANY) return;
    if (o->usable > SLM_MAX_SIZE) return; /* the end of a large object gives its page back */
    uintptr_t page = (uintptr_t)o->memory & ~(p->base_page_size - 1);
    if (*test_provider_mark(p, (void *)page) != 1 + BASE) page = (uintptr_t)o->memory & ~(SLM_LARGE_PAGE_SIZE - 1);
    p->next_page = (void *)page;
    return;
  }
  default:
    p->on_allocate = call_back;
  }
}

#endif
