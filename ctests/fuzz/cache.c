/* Programs of calls of a size-class allocator: one layout, which the first bytes of the program choose, against a list
 * of what is live. */
#include "input.h"

#include "../support/process_intervals.h"
#include "../support/test_provider.h"

enum { LIMIT = 300 };
#define CHECK FUZZ_CHECK

static struct {
  test_provider provider;
  slm_cache_storage storage;
  slm_cache *cache;
  intervals taken;
  unsigned char *live[LIMIT], *freed;
  uint64_t ids[LIMIT];
  size_t count, slot, size, alignment, page_size, calls_before;
  uint64_t next_id;
  bool push;
} m;

static bool excused(void) {
  const test_provider *p = &m.provider;
  bool full = (p->fresh[BASE] + 1) * p->base_page_size + (p->fresh[LARGE] + 1) * SLM_LARGE_PAGE_SIZE > ARENA_SIZE;
  return m.push || p->dry || full || (p->fail_at > m.calls_before && p->fail_at <= p->calls);
}

static void added(unsigned char *memory) {
  if (memory == NULL) {
    CHECK(excused());
    return;
  }
  CHECK((uintptr_t)memory % m.alignment == 0 && slm_cache_owns(m.cache, memory));
  CHECK(slm_cache_usable_size(m.cache, memory) == m.slot);
  CHECK(intervals_add(&m.taken, memory, m.slot));
  m.ids[m.count] = m.next_id++;
  pattern_fill_ends(memory, m.slot, m.ids[m.count]);
  m.live[m.count++] = memory;
}

static void removed(size_t index) {
  CHECK(pattern_ends_hold(m.live[index], m.slot, m.ids[index]));
  CHECK(intervals_remove(&m.taken, m.live[index], m.slot));
  m.freed = m.live[index];
  m.live[index] = m.live[--m.count];
  m.ids[index] = m.ids[m.count];
}

static bool room(size_t count) { return m.count + count <= LIMIT; }

static void allocate(void) {
  if (room(1)) added(slm_cache_allocate(m.cache));
}

static void allocate_zeroed(void) {
  if (!room(1)) return;
  unsigned char *memory = slm_cache_allocate_zeroed(m.cache);
  CHECK(memory == NULL || bytes_are(memory, m.size, 0));
  added(memory);
}

static void allocate_with(void) {
  uint32_t flags = (uint32_t)next_below(8);
  void *memory = &m;
  if (!room(1)) return;
  slm_status status = slm_cache_allocate_with(m.cache, flags, &memory);
  CHECK((status == SLM_OK) == (memory != NULL));
  if ((flags & SLM_NOWAIT) != 0) CHECK(m.provider.calls == m.calls_before);
  if (flags > (SLM_ZEROED | SLM_NOWAIT)) CHECK(status == SLM_ERR_INVALID_ARGUMENT);
  else if (status == SLM_OK) added(memory);
  else CHECK(status == SLM_ERR_OUT_OF_MEMORY && (excused() || (flags & SLM_NOWAIT) != 0));
}

static void allocate_batch(void) {
  void *memory[100];
  size_t want = next_below(COUNT_OF(memory) + 1);
  if (!room(want)) return;
  size_t got = slm_cache_allocate_batch(m.cache, want, memory);
  CHECK(got == want || (got < want && excused()));
  for (size_t i = 0; i < got; i++) added(memory[i]);
}

static void deallocate(void) {
  if (m.count == 0) return;
  size_t index = next_byte() % m.count;
  unsigned char *memory = m.live[index];
  removed(index);
  CHECK(slm_cache_deallocate(m.cache, memory) == SLM_OK);
}

static void deallocate_sized(void) {
  if (m.count == 0) return;
  size_t index = next_byte() % m.count;
  unsigned char *memory = m.live[index];
  CHECK(slm_cache_deallocate_aligned_sized(m.cache, memory, m.alignment, m.slot + 1) != SLM_OK);
  removed(index);
  CHECK(slm_cache_deallocate_aligned_sized(m.cache, memory, m.alignment, m.size) == SLM_OK);
}

static void deallocate_batch(void) {
  void *memory[102];
  size_t count = next_below(100), twice = next_below(4), given = 0, done = 0;
  if (count > m.count) count = m.count;
  for (size_t i = 0; i < count; i++) {
    memory[given++] = m.live[m.count - 1];
    if (i == 0) memory[given++] = twice == 0 ? memory[0] : NULL;
    removed(m.count - 1);
  }
  slm_status status = slm_cache_deallocate_batch(m.cache, memory, given, &done);
  CHECK(done == count);
  /* The slab of the object that comes twice may have been given back between the two. */
  bool is_double = count > 0 && twice == 0, is_gone = is_double && !slm_cache_owns(m.cache, memory[0]);
  CHECK(status == (is_double ? SLM_ERR_DOUBLE_FREE : SLM_OK) || (is_gone && status == SLM_ERR_FOREIGN_POINTER));
}

static void refused(unsigned char *pointer, slm_status want) {
  CHECK(slm_cache_deallocate(m.cache, pointer) == want);
  CHECK(slm_cache_deallocate_aligned_sized(m.cache, pointer, m.alignment, m.size) == want);
  CHECK(slm_cache_usable_size(m.cache, pointer) == 0);
}

static void misuse(void) {
  size_t which = next_below(4), offset = next_word();
  if (which == 0 && m.freed != NULL) {
    for (size_t i = 0; i < m.count; i++)
      if (m.live[i] == m.freed) return;
    refused(m.freed, slm_cache_owns(m.cache, m.freed) ? SLM_ERR_DOUBLE_FREE : SLM_ERR_FOREIGN_POINTER);
  } else if (which == 1 && m.count > 0) {
    refused(m.live[offset % m.count] + 1 + offset % (m.slot - 1), SLM_ERR_INTERIOR_POINTER);
  } else if (which == 2) {
    refused((unsigned char *)&m + offset % sizeof m, SLM_ERR_FOREIGN_POINTER);
  }
}

static void reclaim(void) {
  slm_reclaimed out = {.struct_size = sizeof out};
  CHECK(slm_cache_reclaim(m.cache, next_below(20), next_below(4), &out) == SLM_OK);
}

static void reclaim_page(void) {
  unsigned char *page = slm_cache_reclaim_page(m.cache, m.page_size);
  if (page == NULL) return;
  CHECK(!slm_cache_owns(m.cache, page));
  test_provider_give_back(&m.provider, page, m.page_size);
}

static void refill(void) {
  size_t how = next_below(4);
  unsigned char *page = test_provider_take(&m.provider, m.page_size);
  if (page == NULL) return;
  slm_status status = how == 1   ? slm_cache_refill(m.cache, page + 64, m.page_size)
                      : how == 2 ? slm_cache_refill(m.cache, page, m.page_size - 64)
                                 : slm_cache_refill(m.cache, page, m.page_size);
  CHECK(status == (how == 1 ? SLM_ERR_BAD_PAGE : how == 2 ? SLM_ERR_WRONG_PAGE_SIZE : SLM_OK));
  if (status != SLM_OK) test_provider_give_back(&m.provider, page, m.page_size);
  else CHECK(slm_cache_refill(m.cache, page, m.page_size) == SLM_ERR_PAGE_OWNED);
}

/** After it, so many can be allocated whatever the provider does. */
static void reserve(void) {
  size_t count = next_below(20);
  if (!room(count)) return;
  slm_status status = slm_cache_reserve(m.cache, count);
  if (status != SLM_OK) CHECK(status == SLM_ERR_OUT_OF_MEMORY && excused());
  for (size_t i = 0; i < count && status == SLM_OK; i++) {
    void *memory = NULL;
    CHECK(slm_cache_allocate_with(m.cache, SLM_NOWAIT, &memory) == SLM_OK);
    added(memory);
  }
}

static void set_up_fault(void) {
  if (next_below(2)) m.provider.dry = !m.provider.dry;
  else m.provider.fail_at = m.provider.calls + 1 + next_below(4);
}

static void look(void) {
  slm_statistics all = {.struct_size = sizeof all};
  slm_class_statistics class = {.struct_size = sizeof class};
  CHECK(slm_cache_statistics(m.cache, &all) == SLM_OK && slm_cache_class_statistics(m.cache, &class) == SLM_OK);
  CHECK(all.slots_live == m.count && class.slots_live == m.count && all.bytes_live == m.count * m.slot);
  CHECK(all.base_pages_taken - all.base_pages_given_back == test_provider_out(&m.provider, BASE));
  CHECK(all.large_pages_taken - all.large_pages_given_back == test_provider_out(&m.provider, LARGE));
  CHECK(class.pages + all.table_pages == test_provider_out(&m.provider, BASE) + test_provider_out(&m.provider, LARGE));
  for (size_t i = 0; i < m.count; i++) CHECK(pattern_ends_hold(m.live[i], m.slot, m.ids[i]));
}

/* An operation is one byte, its lower 5 bits. Only ever add at the end: seeds are programs. */
static const operation operations[] = {
    allocate,     allocate,   allocate,         allocate_zeroed,  allocate_with, allocate_batch,
    deallocate,   deallocate, deallocate_sized, deallocate_batch, misuse,        reclaim,
    reclaim_page, refill,     misuse,           set_up_fault,     look,          reserve,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  program_start(data, size);
  memset(&m, 0, sizeof m);
  uint8_t how = next_byte();
  m.alignment = next_alignment();
  m.size = next_size();
  m.push = (how & 4) != 0;
  test_provider_open(&m.provider, (size_t)4096 << 2 * (how % 3));
  m.provider.careless = (how & 8) == 0;
  slm_options options =
      *SLM_OPTIONS(m.push ? test_provider_release_only(&m.provider) : test_provider_both(&m.provider));
  m.cache = slm_cache_init(&m.storage, sizeof m.storage, m.alignment, m.size, &options, NULL);
  CHECK((m.cache != NULL) ==
        (is_power_of_two(m.alignment) && m.alignment <= SLM_LARGE_PAGE_SIZE && m.size <= SLM_MAX_SIZE));
  if (m.cache != NULL) {
    size_t live = SIZE_MAX;
    intervals_open(&m.taken, LIMIT);
    m.slot = slm_cache_slot_size(m.cache);
    m.page_size = slm_cache_page_size(m.cache);
    CHECK(m.slot >= m.size && m.slot >= 8);
    while (program.at < program.size) {
      m.calls_before = m.provider.calls;
      operation_of(operations, COUNT_OF(operations), next_byte())();
    }
    look();
    CHECK(slm_cache_destroy(m.cache, &live) == SLM_OK && live == m.count);
    CHECK(slm_cache_allocate(m.cache) == NULL && slm_cache_deallocate(m.cache, &m) == SLM_ERR_NOT_INITIALIZED);
    intervals_close(&m.taken);
  }
  test_provider_close(&m.provider);
  return 0;
}
