/* Random operations of the process and of heaps against a reference model: what is live, where, and what it holds. */
#include "../support/process_books.h"
#include "../support/process_intervals.h"
#include "../support/process_misuse.h"
#include "../support/process_work.h"

enum { LIMIT = 1500, HEAPS = 4, STEPS = 400000 };

typedef struct object {
  unsigned char *memory;
  size_t size, alignment, usable;
  int heap; /* whose it is; -1: this thread's */
  uint64_t id;
  uint64_t large; /* bytes of its page run; 0 if it has none */
} object;

static struct {
  object objects[LIMIT];
  size_t count;
  intervals taken;
  slm_heap *heaps[HEAPS];
  uint64_t seed, random, next_id, large, large_count;
  size_t step;
} m;

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      print_error("step %zu of SLM_TEST_SEED=%llu: %s\n", m.step, (unsigned long long)m.seed, #condition);             \
      fail();                                                                                                          \
    }                                                                                                                  \
  } while (0)

static size_t below(size_t bound) { return random_below(&m.random, bound); }

/** Mostly small ones; all classes, and large objects. */
static size_t random_size(void) {
  static const size_t limits[] = {64, 256, 256, 2048, 2048, 16384, SLM_MAX_SIZE + 5000, 700000};
  return below(limits[below(below(8) == 0 ? 8 : 5)] + 1);
}

static void add(void *memory, size_t alignment, size_t size, int heap) {
  CHECK(memory != NULL);
  CHECK((uintptr_t)memory % (alignment < 16 ? 16 : alignment) == 0);
  object *o = &m.objects[m.count++];
  *o = (object){memory, size, alignment, slm_usable_size(memory), heap, m.next_id++, 0};
  CHECK(o->usable >= least_usable(size));
  CHECK(intervals_add(&m.taken, memory, o->usable));
  o->large = process_statistics().large_live > m.large_count ? large_bytes(memory) : 0;
  if (o->large > 0) m.large += o->large, m.large_count++;
  pattern_fill_ends(memory, size, o->id);
}

static void check_object(const object *o) {
  CHECK(pattern_ends_hold(o->memory, o->size, o->id));
  CHECK(slm_usable_size(o->memory) == o->usable);
}

/** Off the list; its memory is still its own. */
static object take(size_t index) {
  object o = m.objects[index];
  m.objects[index] = m.objects[--m.count];
  check_object(&o);
  CHECK(intervals_remove(&m.taken, o.memory, o.usable));
  if (o.large > 0) m.large -= o.large, m.large_count--;
  return o;
}

static void allocate(void) {
  size_t size = random_size(), alignment = (size_t)1 << below(below(50) == 0 ? 23 : 10);
  int heap = (int)below(HEAPS);
  void *memory = NULL;
  switch (below(10)) {
  case 0:
    memory = slm_calloc(size, 1);
    if (memory != NULL) CHECK(bytes_are(memory, size, 0));
    add(memory, 0, size, -1);
    return;
  case 1:
    add(slm_aligned_alloc(alignment, size), alignment, size, -1);
    return;
  case 2:
    add(slm_realloc(NULL, size), 0, size, -1);
    return;
  case 3:
    memory = slm_heap_allocate_zeroed(m.heaps[heap], size);
    if (memory != NULL) CHECK(bytes_are(memory, size, 0));
    add(memory, 0, size, heap);
    return;
  case 4:
    add(slm_heap_allocate_aligned(m.heaps[heap], alignment, size), alignment, size, heap);
    return;
  case 5:
    add(slm_heap_allocate(m.heaps[heap], size), 0, size, heap);
    return;
  default:
    add(slm_malloc(size), 0, size, -1);
  }
}

static void deallocate(void) {
  object o = take(below(m.count));
  size_t dice = below(4);
  if (o.heap >= 0 && dice < 2) {
    CHECK(slm_heap_deallocate(m.heaps[(o.heap + 1) % HEAPS], o.memory) == SLM_ERR_FOREIGN_POINTER);
    CHECK(slm_heap_deallocate(m.heaps[o.heap], o.memory) == SLM_OK);
  } else if (dice == 2 && o.alignment != 0) {
    slm_free_aligned_sized(o.memory, o.alignment, o.size);
  } else if (dice == 2) {
    slm_free_sized(o.memory, o.size);
  } else {
    slm_free(o.memory);
  }
}

/** Not of a heap's objects: one that moves may become this thread's. */
static void reallocate(void) {
  size_t index = below(m.count), size = 1 + random_size();
  if (m.objects[index].heap >= 0) return;
  object o = take(index);
  size_t kept = size < o.size ? size : o.size;
  if (o.size > 2 * PATTERN_END && kept > PATTERN_END) kept = PATTERN_END; /* the start of a big object's pattern */
  void *memory = slm_realloc(o.memory, size);
  CHECK(memory != NULL && pattern_holds(memory, kept, o.id));
  add(memory, 0, size, -1);
}

static void misuse(void) {
  size_t before = misuses.count, index = below(m.count);
  object *o = &m.objects[index];
  switch (below(3)) {
  case 0:
    slm_free(o->memory + 1 + below(o->usable == 0 ? 15 : o->usable - 1)); /* 16 apart, those without bytes too */
    CHECK(misuses.last.kind == SLM_ERR_INTERIOR_POINTER);
    break;
  case 1:
    if (is_fast()) { /* it looks at no size: the object is freed */
      object freed = take(index);
      slm_free_sized(freed.memory, freed.usable + 1 + below(1000));
      CHECK(misuses.count == before);
      return;
    }
    slm_free_sized(o->memory, o->usable + 1 + below(1000));
    CHECK(misuses.last.kind == SLM_ERR_LAYOUT_MISMATCH);
    break;
  default: {
    object freed = take(index);
    slm_free(freed.memory);
    slm_free(freed.memory);
    CHECK(is_freed(misuses.last.kind));
  }
  }
  CHECK(misuses.count == before + 1);
}

static void replace_heap(void) {
  int heap = (int)below(HEAPS);
  size_t live = SIZE_MAX, want = 0;
  for (size_t i = m.count; i-- > 0;)
    if (m.objects[i].heap == heap) want++, take(i);
  CHECK(slm_heap_destroy(m.heaps[heap], &live) == SLM_OK);
  CHECK(live == want);
  CHECK((m.heaps[heap] = slm_heap_create(NULL, NULL)) != NULL);
}

static void check_everything(void) {
  slm_process_usage now = check_process_books();
  CHECK(now.bytes_large == m.large && now.large_live == m.large_count);
  for (size_t i = 0; i < m.count; i++) check_object(&m.objects[i]);
}

static void random_operations(void **state) {
  (void)state;
  size_t target = 0;
  m.seed = m.random = suite_seed();
  intervals_open(&m.taken, LIMIT);
  for (size_t i = 0; i < HEAPS; i++) CHECK((m.heaps[i] = slm_heap_create(NULL, NULL)) != NULL);
  for (m.step = 0; m.step < STEPS; m.step++) {
    /* The number of live objects goes up and down, to none now and then. */
    if (m.step % 4096 == 0) target = below(3) == 0 ? 0 : below(LIMIT);
    if (m.step % 8192 == 0) set_process_options((uint32_t)below(3) * 20, below(3) * 16 * MIB);
    if (m.step % 1000 == 0) check_everything();
    size_t dice = below(1000);
    if (dice < 2) replace_heap();
    else if (dice == 3) slm_process_purge();
    else if (dice < 30 && m.count > 0) misuse();
    else if (dice < 200 && m.count > 0) reallocate();
    else if (m.count == 0 || (m.count < LIMIT && (dice < 700) == (m.count < target))) allocate();
    else deallocate();
  }
  check_everything();
  while (m.count > 0) slm_free(take(m.count - 1).memory);
  for (size_t i = 0; i < HEAPS; i++) {
    size_t live = 1;
    CHECK(slm_heap_destroy(m.heaps[i], &live) == SLM_OK && live == 0);
  }
  intervals_close(&m.taken);
  check_process_books();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(random_operations),
  };
  return cmocka_run_group_tests_name("slm_malloc model", tests, NULL, NULL);
}
