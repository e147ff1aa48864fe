/* Random operations on zones that share one small region, which runs dry all the time, and whose providers call back:
 * from within allocate_page and release_page any zone may be asked for anything, three levels deep. */
#include "../support/family.h"

#define STEPS 600000
#define MEMORY_SIZE (6 * SLM_LARGE_PAGE_SIZE)
enum { ZONES = 3, LIMIT = 1500, BATCH = 60, DEPTH = 3 };

typedef struct object {
  unsigned char *memory;
  size_t size, usable;
  uint64_t id; /* of its pattern */
} object;

struct stress;
typedef struct member {
  struct stress *stress;
  storage_type storage;
  slm_zone *zone;
  object objects[LIMIT];
  size_t count;
} member;

typedef struct stress {
  unsigned char *memory;
  unsigned char *taken; /* for each 8 bytes of memory: whether an object has them */
  slm_region *region;
  slm_page_provider pages;
  size_t page_size;
  member members[ZONES];
  size_t depth;                 /* calls of a provider that are under way */
  size_t callbacks[DEPTH], dry; /* provider calls that called back, by depth; pages that were not to be had */
  uint64_t seed, random, next_id;
  size_t step, size;
} stress;

#define CHECK(s, condition)                                                                                            \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      print_error("%zu byte pages, step %zu of SLM_TEST_SEED=%llu: %s\n", (s)->page_size, (s)->step,                   \
                  (unsigned long long)(s)->seed, #condition);                                                          \
      fail();                                                                                                          \
    }                                                                                                                  \
  } while (0)

static void operate(stress *s, member *m);

static void call_back(stress *s, member *caller) {
  if (s->depth >= DEPTH || random_below(&s->random, 2) != 0) return;
  s->callbacks[s->depth++]++;
  for (size_t i = random_below(&s->random, 10); i > 0; i--)
    operate(s, random_below(&s->random, 2) ? caller : &s->members[random_below(&s->random, ZONES)]);
  s->depth--;
}

static void *allocate_page(void *context, size_t page_size) {
  stress *s = ((member *)context)->stress;
  call_back(s, context);
  void *page = s->pages.allocate_page(s->pages.context, page_size);
  if (page == NULL) s->dry++;
  return page;
}

static void release_page(void *context, void *page, size_t page_size) {
  stress *s = ((member *)context)->stress;
  call_back(s, context);
  memset(page, PAGE_IDLE, page_size);
  s->pages.release_page(s->pages.context, page, page_size);
}

static void mark(stress *s, const object *o, bool live) {
  size_t at = (size_t)(o->memory - s->memory);
  CHECK(s, at < MEMORY_SIZE && o->usable <= MEMORY_SIZE - at);
  CHECK(s, bytes_are(s->taken + at / 8, o->usable / 8, !live));
  memset(s->taken + at / 8, live, o->usable / 8);
}

static void add(member *m, void *memory, size_t alignment, size_t size) {
  stress *s = m->stress;
  object o = {memory, size, slm_zone_usable_size(m->zone, memory), s->next_id++};
  CHECK(s, (uintptr_t)memory % alignment == 0);
  CHECK(s, o.usable >= size && o.usable > 0);
  mark(s, &o, true);
  pattern_fill_ends(memory, size, o.id);
  m->objects[m->count++] = o;
}

/** Takes an object off the list; its memory is still its own. */
static object take(member *m) {
  size_t index = random_below(&m->stress->random, m->count);
  object o = m->objects[index];
  m->objects[index] = m->objects[--m->count];
  CHECK(m->stress, pattern_ends_hold(o.memory, o.size, o.id));
  CHECK(m->stress, slm_zone_usable_size(m->zone, o.memory) == o.usable);
  return o;
}

/** Often the same as before, so that callbacks are about the class for which the page is. */
static size_t random_size(stress *s) {
  static const size_t limits[] = {128, 128, 128, 512, 512, 2048, 9000, 60000, SLM_MAX_SIZE, 300000};
  if (random_below(&s->random, 2))
    s->size = random_below(&s->random, limits[random_below(&s->random, COUNT_OF(limits))] + 1);
  return s->size;
}

static void allocate(stress *s, member *m) {
  void *memory[BATCH] = {NULL};
  size_t size = random_size(s), natural = size <= 8 ? 8 : 16, alignment = natural;
  if (random_below(&s->random, 8) == 0) {
    size_t count = slm_zone_allocate_batch(m->zone, size, random_below(&s->random, BATCH + 1), memory);
    for (size_t i = 0; i < count; i++) add(m, memory[i], natural, size);
  } else if (random_below(&s->random, 4) == 0) {
    alignment = (size_t)1 << random_below(&s->random, random_below(&s->random, 20) == 0 ? 22 : 9);
    slm_status status = slm_zone_allocate_with(m->zone, alignment, size, SLM_ZEROED, &memory[0]);
    CHECK(s, (status == SLM_OK) == (memory[0] != NULL));
    CHECK(s, status == SLM_OK || status == SLM_ERR_OUT_OF_MEMORY || (status == SLM_ERR_REENTRANT && s->depth > 0));
    if (memory[0] == NULL) return;
    CHECK(s, bytes_are(memory[0], size, 0));
    add(m, memory[0], alignment, size);
  } else {
    memory[0] = slm_zone_allocate(m->zone, size);
    if (memory[0] != NULL) add(m, memory[0], natural, size);
  }
}

static void deallocate(stress *s, member *m) {
  object o = take(m);
  member *other = m == s->members ? m + 1 : s->members;
  if (random_below(&s->random, 8) == 0) {
    slm_status status = slm_zone_deallocate(other->zone, o.memory);
    /* The other zone remembers where its latest large objects started. */
    bool may_have_started = (uintptr_t)o.memory % s->page_size == 0;
    CHECK(s, status == SLM_ERR_FOREIGN_POINTER || (status == SLM_ERR_DOUBLE_FREE && may_have_started));
    CHECK(s, slm_zone_deallocate(m->zone, o.memory + 1) == SLM_ERR_INTERIOR_POINTER);
  }
  mark(s, &o, false); /* its pages may go back at once, and serve another object before the call returns */
  size_t step = s->step;
  CHECK(s, slm_zone_deallocate(m->zone, o.memory) == SLM_OK);
  if (s->step != step || random_below(&s->random, 8) != 0) return;
  slm_status status = slm_zone_deallocate(m->zone, o.memory);
  bool is_known = slm_zone_owns(m->zone, o.memory) || o.usable > SLM_MAX_SIZE;
  CHECK(s, status == SLM_ERR_DOUBLE_FREE || (status == SLM_ERR_FOREIGN_POINTER && !is_known));
}

static void reallocate(stress *s, member *m) {
  object before = take(m);
  size_t size = random_size(s), kept = size < before.size ? size : before.size;
  if (before.size > 2 * PATTERN_END && kept > PATTERN_END) kept = PATTERN_END; /* the start of a big object's pattern */
  mark(s, &before, false);
  void *memory = slm_zone_reallocate(m->zone, before.memory, size);
  if (memory == NULL) {
    CHECK(s, size > before.usable); /* or it could stay */
    mark(s, &before, true);
    CHECK(s, pattern_ends_hold(before.memory, before.size, before.id));
    m->objects[m->count++] = before;
    return;
  }
  CHECK(s, pattern_holds(memory, kept, before.id));
  add(m, memory, size <= 8 ? 8 : 16, size);
}

/** Hands a page of the region to some class. */
static void push_page(stress *s, member *m) {
  size_t size = random_size(s), page_size = slm_zone_page_size(m->zone, 1, size);
  void *page = s->pages.allocate_page(s->pages.context, page_size);
  if (page == NULL) return;
  CHECK(s, slm_zone_refill(m->zone, 1, size, page, page_size) == SLM_OK);
  CHECK(s, slm_zone_refill(m->zone, 1, size, page, page_size) == SLM_ERR_PAGE_OWNED);
}

static void take_page_out(stress *s, member *m) {
  size_t page_size = random_below(&s->random, 2) ? s->page_size : SLM_LARGE_PAGE_SIZE;
  void *page = slm_zone_reclaim_page(m->zone, page_size);
  if (page != NULL) s->pages.release_page(s->pages.context, page, page_size);
}

static void operate(stress *s, member *m) {
  size_t dice = random_below(&s->random, 100);
  size_t allocating = s->step++ / 4096 % 2 ? 30 : 43; /* the number of live objects goes up and down */
  if (dice < allocating && m->count + BATCH * (DEPTH + 1) < LIMIT) allocate(s, m);
  else if (dice < 45 && m->count > 0) reallocate(s, m);
  else if (dice < 47) push_page(s, m);
  else if (dice < 49) take_page_out(s, m);
  else if (dice < 50) CHECK(s, slm_zone_reclaim(m->zone, random_below(&s->random, 5), SIZE_MAX, NULL) == SLM_OK);
  else if (dice < 51)
    for (size_t i = m->count / 2; i > 0 && m->count > 0; i--) deallocate(s, m);
  else if (m->count > 0) deallocate(s, m);
}

static void check_count(stress *s, member *m) {
  slm_statistics now = {.struct_size = sizeof now};
  uint64_t bytes = 0;
  for (size_t i = 0; i < m->count; i++) bytes += m->objects[i].usable + CANARY;
  CHECK(s, slm_zone_statistics(m->zone, &now) == SLM_OK);
  CHECK(s, now.slots_live == m->count && now.bytes_live == bytes);
}

static void share_a_small_region(size_t page_size, uint64_t seed) {
  static stress s;
  memset(&s, 0, sizeof s);
  s.seed = s.random = seed;
  s.page_size = page_size;
  s.memory = aligned_alloc(SLM_LARGE_PAGE_SIZE, MEMORY_SIZE);
  s.taken = calloc(MEMORY_SIZE / 8, 1);
  assert_true(s.memory != NULL && s.taken != NULL);
  size_t offset = random_below(&s.random, SLM_LARGE_PAGE_SIZE);
  s.region = slm_region_init(s.memory + offset, MEMORY_SIZE - offset, page_size, NULL);
  assert_non_null(s.region);
  s.pages = slm_region_provider(s.region);
  size_t base = slm_region_available(s.region, page_size), large = slm_region_available(s.region, SLM_LARGE_PAGE_SIZE);
  for (size_t i = 0; i < ZONES; i++) {
    member *m = &s.members[i];
    m->stress = &s;
    /* The last one has to be refilled. */
    slm_page_provider provider = {.struct_size = sizeof provider,
                                  .context = m,
                                  .allocate_page = i < ZONES - 1 ? allocate_page : NULL,
                                  .release_page = release_page};
    slm_options options = SUITE_OPTIONS(provider);
    options.page_size = (uint32_t)page_size;
    assert_non_null(m->zone = slm_zone_init(&m->storage, sizeof m->storage, &options, NULL));
  }
  while (s.step < STEPS) {
    operate(&s, &s.members[random_below(&s.random, ZONES)]);
    if (s.step % 100 == 0) check_count(&s, &s.members[random_below(&s.random, ZONES)]);
  }
  CHECK(&s, s.dry > 100 && s.callbacks[1] > 100); /* that is what this test is for */
  s.depth = DEPTH;                                /* no more calling back */
  for (size_t i = 1; i < ZONES; i++) {
    member *m = &s.members[i];
    while (m->count > 0) deallocate(&s, m);
    CHECK(&s, slm_zone_reclaim(m->zone, SIZE_MAX, SIZE_MAX, NULL) == SLM_OK);
    slm_statistics now = {.struct_size = sizeof now};
    assert_ok(slm_zone_statistics(m->zone, &now));
    CHECK(&s, now.base_pages_taken > 0 && now.base_pages_taken == now.base_pages_given_back);
    CHECK(&s, now.large_pages_taken == now.large_pages_given_back);
  }
  for (size_t i = 0; i < ZONES; i++) { /* the objects of the first go with the zone */
    size_t live = SIZE_MAX;
    CHECK(&s, slm_zone_destroy(s.members[i].zone, &live) == SLM_OK);
    CHECK(&s, live == s.members[i].count);
  }
  CHECK(&s, slm_region_available(s.region, page_size) == base);
  CHECK(&s, slm_region_available(s.region, SLM_LARGE_PAGE_SIZE) == large);
  free(s.memory);
  free(s.taken);
}

static void zones_share_a_small_region(void **state) {
  (void)state;
  uint64_t seed = suite_seed();
  EACH_BASE_PAGE_SIZE(page_size) share_a_small_region(page_size, seed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(zones_share_a_small_region),
  };
  return RUN_SUITE("stress", tests);
}
