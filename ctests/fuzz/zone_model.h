/* What a program of zone calls has to hold to: the reference model of the suites, and whether a call may have been
 * refused a page. */
#ifndef ZONE_MODEL_H
#define ZONE_MODEL_H

#include "input.h"

#define MODEL_LIMIT 400
#define MODEL_CHECK(m, condition) FUZZ_CHECK(condition)
#include "../support/model.h"

/* A zone per CPU is a zone for each CPU, and one for the reserves: while one of them asks for a page another one may,
 * and a page that overlaps one of another zone's is not always found. */
#ifdef SUITE_PER_CPU
enum { IS_MANY = true };
#else
enum { IS_MANY = false };
#endif

static model m;
static bool push;

#define CHECK FUZZ_CHECK

/** What the zone can serve at all: an object takes a large page at most, but a run of any length may be pushed. */
static bool is_layout(size_t alignment, size_t size) {
  size_t most = push ? SIZE_MAX / 4 : SLM_LARGE_PAGE_SIZE;
  return is_power_of_two(alignment) && alignment <= most && size <= (push ? most : LARGEST);
}

/** The provider as it was before this step: its calls, and whether it had a wrong page to give. */
static size_t calls_before;
static bool odd_before;

/** Whether an allocation of this step may be refused a page. */
static bool excused(void) {
  const test_provider *p = &m.f.provider;
  bool full = (p->fresh[BASE] + 1) * p->base_page_size + (p->fresh[LARGE] + 1) * SLM_LARGE_PAGE_SIZE > ARENA_SIZE;
  return push || odd_before || p->dry || full || (p->fail_at > calls_before && p->fail_at <= p->calls);
}

/** What the zone has promised by the last reserve: as long as there are at most so many more objects of the slot size
 * than the fewest that there were since, a further one can be allocated. */
static struct { size_t slot, count, fewest; } promise;

/** Whether an object ever stayed in a slot that is larger than what it shrank to. As many sized deallocations as there
 * were may name a smaller size. */
static bool has_stayed;

static size_t live_of(size_t slot) {
  size_t count = 0;
  for (size_t i = 0; i < m.count; i++) count += m.objects[i].usable == slot;
  return count;
}

static bool promised(size_t size) {
  return promise.slot != 0 && size <= SLM_MAX_SIZE && slm_zone_good_size(m.f.zone, size) == promise.slot &&
         live_of(promise.slot) < promise.fewest + promise.count;
}

static bool room(size_t count) { return m.count + count + 2 < MODEL_LIMIT; }

static model_object *pick(void) { return m.count == 0 ? NULL : &m.objects[next_byte() % m.count]; }

static void added(void *memory, size_t alignment, size_t size) {
  if (memory != NULL) model_add(&m, memory, alignment, size);
  else CHECK(!is_layout(alignment ? alignment : 8, size) || (excused() && (alignment > 8 || !promised(size))));
}

#endif
