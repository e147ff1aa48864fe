/* Programs of zone calls against the reference model of the suites: which objects live, where, what is in them, and which status a
 * call must have. With SUITE_SAFE, of safe zones; with SUITE_SMP, of SMP zones. */
#include "input.h"

#define MODEL_LIMIT 400
#define MODEL_CHECK(m, condition) FUZZ_CHECK(condition)
#include "../suites/support/model.h"

/* An SMP zone is a zone for each CPU, and one for the reserves: while one of them asks for a page another one may, and a page that
 * overlaps one of another zone's is not always found. */
#ifdef SUITE_SMP
enum { IS_MANY = true };
#else
enum { IS_MANY = false };
#endif

static model m;
static bool push;

#define CHECK FUZZ_CHECK

static bool is_layout(size_t alignment, size_t size) {
  return is_power_of_two(alignment) && alignment <= SLM_LARGE_PAGE_SIZE && size <= SLM_MAX_SIZE;
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

/** What the zone has promised by the last reserve: as long as there are at most so many more objects of the slot size than the fewest
 * that there were since, a further one can be allocated. */
static struct { size_t slot, count, fewest; } promise;

static size_t live_of(size_t slot) {
  size_t count = 0;
  for (size_t i = 0; i < m.count; i++) count += m.objects[i].usable == slot;
  return count;
}

static bool promised(size_t size) {
  return promise.slot != 0 && size <= SLM_MAX_SIZE && Z(good_size)(m.f.zone, size) == promise.slot &&
         live_of(promise.slot) < promise.fewest + promise.count;
}

static bool room(size_t count) { return m.count + count + 2 < MODEL_LIMIT; }

static model_object *pick(void) { return m.count == 0 ? NULL : &m.objects[next_byte() % m.count]; }

static void added(void *memory, size_t alignment, size_t size) {
  if (memory != NULL) model_add(&m, memory, alignment, size);
  else CHECK(!is_layout(alignment ? alignment : 8, size) || (excused() && (alignment > 8 || !promised(size))));
}

static void allocate(void) {
  size_t size = next_size();
  if (room(1)) added(Z(allocate)(m.f.zone, size), 0, size);
}

static void allocate_zeroed(void) {
  size_t size = next_size();
  if (!room(1)) return;
  void *memory = Z(allocate_zeroed)(m.f.zone, size);
  CHECK(memory == NULL || bytes_are(memory, size, 0));
  added(memory, 0, size);
}

static void allocate_aligned(void) {
  size_t alignment = next_alignment(), size = next_size();
  if (!room(1)) return;
  void *memory = Z(allocate_aligned)(m.f.zone, alignment, size);
  if (!is_layout(alignment, size)) CHECK(memory == NULL);
  else added(memory, alignment, size);
}

/** The status says why not. */
static void allocate_with(void) {
  size_t alignment = next_alignment(), size = next_size();
  uint32_t flags = (uint32_t)next_below(8);
  void *memory = &m;
  if (!room(1)) return;
  slm_status status = Z(allocate_with)(m.f.zone, alignment, size, flags, &memory);
  bool wrong_flags = (flags & ~(SLM_ZEROED | SLM_NOWAIT)) != 0, waits = (flags & SLM_NOWAIT) == 0;
  if (!waits) CHECK(m.f.provider.calls == calls_before);
  if (wrong_flags || !is_layout(alignment, size)) {
    CHECK(status == SLM_ERR_INVALID_ARGUMENT || status == SLM_ERR_INVALID_LAYOUT);
    CHECK(status == SLM_ERR_INVALID_LAYOUT ? !is_layout(alignment, size) : wrong_flags);
    CHECK(memory == NULL);
  } else if (status == SLM_OK) {
    CHECK((flags & SLM_ZEROED) == 0 || bytes_are(memory, size, 0));
    added(memory, alignment, size);
  } else {
    CHECK(memory == NULL);
    CHECK(alignment > 8 || !promised(size));
    CHECK(status == SLM_ERR_OUT_OF_MEMORY ? excused() || !waits
                                          : odd_before && (status == SLM_ERR_BAD_PAGE || status == SLM_ERR_PAGE_OWNED));
  }
}

static void allocate_batch(void) {
  void *memory[40];
  size_t size = next_size(), want = next_below(COUNT_OF(memory) + 1);
  if (!room(want)) return;
  size_t got = Z(allocate_batch)(m.f.zone, size, want, memory);
  CHECK(got == want || size > SLM_MAX_SIZE || (got < want && excused()));
  CHECK(got == 0 || size <= SLM_MAX_SIZE);
  for (size_t i = 0; i < got; i++) model_add(&m, memory[i], 0, size);
}

static size_t natural(const model_object *o) { return o->alignment ? o->alignment : o->layout <= 8 ? 8 : 16; }

/** How: plainly, with its size, with its alignment and size. */
static void deallocate(size_t how) {
  model_object *o = pick();
  if (o == NULL) return;
  CHECK(model_intact(&m, o));
  slm_status status;
  if (how == 1 && o->alignment == 0) status = Z(deallocate_sized)(m.f.zone, o->memory, o->layout);
  else if (how == 2) status = Z(deallocate_aligned_sized)(m.f.zone, o->memory, natural(o), o->layout);
  else status = Z(deallocate)(m.f.zone, o->memory);
  CHECK(status == SLM_OK);
  model_remove(&m, (size_t)(o - m.objects));
}

/** The objects allocated last; with NULLs, and perhaps one of them twice, between them. */
static void deallocate_batch(void) {
  void *memory[42];
  size_t count = next_below(40), twice = next_below(4), given = 0, done = 0;
  if (count > m.count) count = m.count;
  for (size_t i = 0; i < count; i++) {
    CHECK(model_intact(&m, &m.objects[m.count - 1 - i]));
    memory[given++] = m.objects[m.count - 1 - i].memory;
    if (i == 0) memory[given++] = twice == 0 ? memory[0] : NULL;
  }
  slm_status status = Z(deallocate_batch)(m.f.zone, memory, given, &done);
  CHECK(done == count);
  CHECK(status == (count > 0 && twice == 0 ? SLM_ERR_DOUBLE_FREE : SLM_OK));
  for (size_t i = 0; i < count; i++) model_remove(&m, m.count - 1);
}

static void reallocate(bool aligned) {
  model_object *o = pick();
  size_t size = next_size();
  if (o == NULL) {
    if (room(1)) added(Z(reallocate)(m.f.zone, NULL, size), 0, size);
    return;
  }
  model_object before = *o;
  size_t alignment = aligned ? natural(o) : 0, index = (size_t)(o - m.objects);
  if (o->alignment != 0 && !aligned) return; /* it would lose its alignment */
  CHECK(model_intact(&m, o));
  void *memory =
      aligned ? Z(reallocate_aligned)(m.f.zone, o->memory, alignment, size) : Z(reallocate)(m.f.zone, o->memory, size);
  if (memory == NULL) {
    CHECK(size > SLM_MAX_SIZE || excused());
    CHECK(model_intact(&m, &before));
    return;
  }
  size_t kept = size < before.size ? size : before.size;
  if (before.size > 2 * PATTERN_END && kept > PATTERN_END) kept = PATTERN_END; /* the start of a big object's pattern */
  CHECK(pattern_holds(memory, kept, before.id));
  model_remove(&m, index);
  model_add(&m, memory, alignment, size);
}

static void resize(void) {
  model_object *o = pick();
  size_t size = next_size();
  if (o == NULL) return;
  slm_status status = Z(resize)(m.f.zone, o->memory, size);
  if (size > SLM_MAX_SIZE) CHECK(status == SLM_ERR_CANNOT_RESIZE || status == SLM_ERR_INVALID_LAYOUT);
  else CHECK(status == (size <= o->usable ? SLM_OK : SLM_ERR_CANNOT_RESIZE));
  CHECK(model_intact(&m, o));
  if (status != SLM_OK) return;
  o->size = size;
  pattern_fill_ends(o->memory, size, o->id);
}

/** Every call that takes a pointer refuses this one. */
static void refused(unsigned char *pointer, slm_status want) {
  CHECK(Z(deallocate)(m.f.zone, pointer) == want);
  CHECK(Z(deallocate_sized)(m.f.zone, pointer, 40) == want);
  CHECK(Z(resize)(m.f.zone, pointer, 1) == want);
  CHECK(Z(reallocate)(m.f.zone, pointer, 41) == NULL);
  CHECK(Z(usable_size)(m.f.zone, pointer) == 0);
}

static void misuse_interior(void) {
  model_object *o = pick();
  size_t offset = next_word();
  if (o != NULL) refused(o->memory + 1 + offset % (o->usable - 1), SLM_ERR_INTERIOR_POINTER);
}

/** The page of what was freed may be another class's by now, or the provider's. */
static void misuse_freed(void) {
  if (m.last_freed == NULL || model_is_live(&m, m.last_freed)) return;
  slm_status status = Z(deallocate)(m.f.zone, m.last_freed);
  CHECK(status == SLM_ERR_DOUBLE_FREE || status == SLM_ERR_FOREIGN_POINTER || status == SLM_ERR_INTERIOR_POINTER);
  refused(m.last_freed, status);
}

static void misuse_layout(void) {
  model_object *o = pick();
  size_t size = next_size();
  if (o == NULL || o->alignment != 0) return;
  if (size > SLM_MAX_SIZE) {
    slm_status status = Z(deallocate_sized)(m.f.zone, o->memory, size);
    CHECK(status == SLM_ERR_INVALID_LAYOUT || status == SLM_ERR_LAYOUT_MISMATCH);
  } else if (Z(good_size)(m.f.zone, size) != o->usable) {
    CHECK(Z(deallocate_sized)(m.f.zone, o->memory, size) == SLM_ERR_LAYOUT_MISMATCH);
  }
  CHECK(model_intact(&m, o));
}

static void misuse_foreign(void) {
  static unsigned char global[64];
  unsigned char local[64];
  size_t which = next_below(4), address = next_word();
  refused(which == 0   ? global
          : which == 1 ? local
          : which == 2 ? (void *)(address + 1)
                       : (void *)~address,
          SLM_ERR_FOREIGN_POINTER);
}

/** A page that is right, misaligned, of the wrong size, or owned already. */
static void refill_page(void) {
  size_t alignment = next_alignment(), size = next_size(), how = next_below(8);
  size_t page_size = Z(page_size)(m.f.zone, alignment, size);
  CHECK((page_size != 0) == is_layout(alignment, size));
  size_t taken = page_size == 0 ? m.f.provider.base_page_size : page_size;
  unsigned char *page = test_provider_take(&m.f.provider, taken);
  if (page == NULL) return;
  slm_status want = page_size == 0 ? SLM_ERR_INVALID_LAYOUT : SLM_OK;
  slm_status status;
  if (how == 1 && want == SLM_OK) {
    want = SLM_ERR_BAD_PAGE;
    status = Z(refill)(m.f.zone, alignment, size, page + 8, page_size);
  } else if (how == 2 && want == SLM_OK) {
    want = SLM_ERR_WRONG_PAGE_SIZE;
    status = Z(refill)(m.f.zone, alignment, size, page, page_size * 2);
  } else {
    status = Z(refill)(m.f.zone, alignment, size, page, taken);
  }
  CHECK(status == want);
  if (status != SLM_OK) test_provider_give_back(&m.f.provider, page, taken);
  else CHECK(Z(refill)(m.f.zone, alignment, size, page, taken) == SLM_ERR_PAGE_OWNED);
}

static void reserve(void) {
  size_t size = next_size(), count = next_below(64);
  slm_status status = Z(reserve)(m.f.zone, 8, size, count);
  if (size > SLM_MAX_SIZE) {
    CHECK(status == SLM_ERR_INVALID_LAYOUT);
  } else if (status == SLM_OK) {
    promise.slot = Z(good_size)(m.f.zone, size);
    promise.count = count;
    promise.fewest = live_of(promise.slot);
  } else {
    CHECK(excused());
    CHECK(status == SLM_ERR_OUT_OF_MEMORY ||
          (odd_before && (status == SLM_ERR_BAD_PAGE || status == SLM_ERR_PAGE_OWNED)));
  }
}

static void reclaim(void) {
  slm_reclaimed out = {0, 0};
  m.f.provider.next_page = NULL; /* it may be the zone's no longer */
  size_t base = next_below(20), large = next_below(4);
  size_t before[2] = {test_provider_out(&m.f.provider, BASE), test_provider_out(&m.f.provider, LARGE)};
  CHECK(Z(reclaim)(m.f.zone, base, large, &out) == SLM_OK);
  CHECK(out.base_pages <= base && out.large_pages <= large);
  CHECK(before[BASE] - test_provider_out(&m.f.provider, BASE) >= out.base_pages);
  CHECK(before[LARGE] - test_provider_out(&m.f.provider, LARGE) >= out.large_pages);
}

static void reclaim_page(void) {
  m.f.provider.next_page = NULL;
  size_t page_size = next_below(2) ? SLM_LARGE_PAGE_SIZE : m.f.provider.base_page_size;
  void *page = Z(reclaim_page)(m.f.zone, page_size);
  if (page == NULL) return;
  CHECK(!Z(owns)(m.f.zone, page));
  test_provider_give_back(&m.f.provider, page, page_size);
}

/** A provider that calls back: what needs no further page is served. */
static void call_back(void *context) {
  (void)context;
  void *memory = NULL;
  if (m.count + 3 > MODEL_LIMIT) return;
  slm_status status = Z(allocate_with)(m.f.zone, 8, 48, 0, &memory);
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
    uintptr_t page = (uintptr_t)o->memory & ~(p->base_page_size - 1);
    if (*test_provider_mark(p, (void *)page) != 1 + BASE) page = (uintptr_t)o->memory & ~(SLM_LARGE_PAGE_SIZE - 1);
    p->next_page = (void *)page;
    return;
  }
  default:
    p->on_allocate = call_back;
  }
}

static void look(void) {
  model_object *o = pick();
  size_t size = next_size();
  check_books(&m.f);
  model_check_statistics(&m);
  CHECK((Z(good_size)(m.f.zone, size) >= size) == (size <= SLM_MAX_SIZE));
  slm_statistics small = {.struct_size = 8};
  CHECK(Z(statistics)(m.f.zone, &small) == SLM_ERR_INVALID_ARGUMENT);
  slm_class_statistics class = {.struct_size = sizeof class};
  CHECK(Z(class_statistics)(m.f.zone, 1000 + size, &class) == SLM_ERR_INVALID_ARGUMENT);
  if (o == NULL) return;
  CHECK(Z(owns)(m.f.zone, o->memory) && Z(owns)(m.f.zone, o->memory + o->usable - 1));
  CHECK(model_intact(&m, o));
}

static void deallocate_plain(void) { deallocate(0); }
static void deallocate_sized(void) { deallocate(1); }
static void deallocate_aligned_sized(void) { deallocate(2); }
static void reallocate_plain(void) { reallocate(false); }
static void reallocate_aligned(void) { reallocate(true); }

/* An operation is one byte, its lower 5 bits. Only ever add at the end: seeds are programs. */
static const operation operations[] = {
    allocate,
    allocate,
    allocate,
    allocate,
    allocate_aligned,
    allocate_with,
    allocate_zeroed,
    allocate_batch,
    deallocate_plain,
    deallocate_plain,
    deallocate_plain,
    deallocate_sized,
    deallocate_sized,
    deallocate_batch,
    deallocate_aligned_sized,
    reallocate_plain,
    reallocate_plain,
    resize,
    misuse_interior,
    misuse_freed,
    reallocate_aligned,
    misuse_layout,
    misuse_foreign,
    reclaim,
    reclaim_page,
    refill_page,
    set_up_fault,
    set_up_fault,
    look,
    reserve,
};

static void step(void) {
  calls_before = m.f.provider.calls;
  odd_before = m.f.provider.next_page != NULL;
  operation_of(operations, COUNT_OF(operations), next_byte())();
  if (promise.slot != 0 && live_of(promise.slot) < promise.fewest) promise.fewest = live_of(promise.slot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  program = (input){data, size, 0};
  uint8_t how = next_byte();
  size_t page_size = (size_t)4096 << 2 * (how % 3);
  memset(&m, 0, sizeof m);
  memset(&promise, 0, sizeof promise);
  push = (how & 4) != 0;
  if (push) open_push(&m.f, page_size);
  else open_pull(&m.f, page_size);
  m.f.provider.careless = (how & 8) == 0;
  m.f.provider.poison = (how & 16) != 0;
  m.map = calloc(ARENA_SIZE / MODEL_GRANULE / 64, sizeof *m.map);
  FUZZ_CHECK(m.map != NULL);
  while (program.at < program.size) step();
  m.f.provider.next_page = NULL;
  for (size_t i = 0; i < m.count; i++) CHECK(model_intact(&m, &m.objects[i]));
  model_check_statistics(&m);
  model_close(&m);
  return 0;
}
