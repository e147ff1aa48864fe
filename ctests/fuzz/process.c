/* Programs of calls of the process functions and of heaps, by two threads in one order, against a list of what is live.
 * A misuse is reported once, with the right kind and pointer, and does nothing. */
#include "worker.h"

#include "../support/process_books.h"
#include "../support/process_intervals.h"
#include "../support/process_misuse.h"

#include <sys/resource.h>

enum { LIMIT = 300, HEAPS = 3, FREED = 8 };
#define CHECK FUZZ_CHECK

typedef struct object {
  unsigned char *memory;
  size_t size, alignment, usable;
  int heap; /* which one's it is; -1: a thread's */
  uint64_t id;
  bool was_resized; /* its size is then not that of a sized deallocation */
} object;

static struct {
  object objects[LIMIT];
  size_t count, next_freed;
  intervals taken;
  slm_heap *heaps[HEAPS];
  unsigned char *freed[FREED];
  uint64_t next_id;
  size_t starve;                 /* for how many operations the system has no memory */
  bool is_starved, ever_starved; /* now; at all */
} m;

static bool room(void) { return m.count < LIMIT; }

/** As the library sees it: what is above can't be had, whatever the memory. */
static bool possible(size_t size) { return size <= SIZE_MAX / 4; }

/** The system refuses new mappings and writable memory, or no longer does. What is there stays. */
static void set_starved(bool starved) {
  static struct rlimit space, data;
  if (starved == m.is_starved) return;
  if (starved) CHECK(getrlimit(RLIMIT_AS, &space) == 0 && getrlimit(RLIMIT_DATA, &data) == 0);
  struct rlimit no_space = {1, space.rlim_max}, no_data = {1, data.rlim_max};
  CHECK(setrlimit(RLIMIT_AS, starved ? &no_space : &space) == 0);
  CHECK(setrlimit(RLIMIT_DATA, starved ? &no_data : &data) == 0);
  m.is_starved = starved;
  m.ever_starved = true;
}

static object *pick(void) { return m.count == 0 ? NULL : &m.objects[next_byte() % m.count]; }

static void added(void *memory, size_t alignment, size_t size, int heap) {
  if (memory == NULL) CHECK((m.is_starved || !possible(size)) && errno == ENOMEM);
  else CHECK(possible(size));
  if (memory == NULL) return;
  CHECK((uintptr_t)memory % (alignment < 16 ? 16 : alignment) == 0);
  object *o = &m.objects[m.count++];
  *o = (object){memory, size, alignment, slm_usable_size(memory), heap, m.next_id++, false};
  CHECK(o->usable >= size && (o->usable > 0 || size == 0));
  CHECK(intervals_add(&m.taken, memory, o->usable));
  pattern_fill_ends(memory, size, o->id);
}

static bool intact(const object *o) {
  return pattern_ends_hold(o->memory, o->size, o->id) && slm_usable_size(o->memory) == o->usable;
}

/** Off the list; its memory is still its own. */
static object take(object *at) {
  object o = *at;
  *at = m.objects[--m.count];
  CHECK(intact(&o));
  CHECK(intervals_remove(&m.taken, o.memory, o.usable));
  return o;
}

static void note_freed(unsigned char *memory) { m.freed[m.next_freed++ % FREED] = memory; }

/** Objects above the largest size class, too, up to 8 MiB; where they must be refused, up to 4 GiB, beyond all that
 * there is. */
static size_t any_size(void) { return next_below(8) == 0 ? next_word() * (m.is_starved ? 65536 : 128) : next_size(); }

static bool ends_are_zero(const unsigned char *memory, size_t size) {
  size_t end = size < 65536 ? size : 65536;
  return bytes_are(memory, end, 0) && bytes_are(memory + size - end, end, 0);
}

static void allocate(void) {
  size_t size = any_size();
  if (room()) added(slm_malloc(size), 0, size, -1);
}

static void allocate_zeroed(void) {
  size_t count = next_byte(), size = any_size(), bytes;
  if (!room()) return;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  if (possible(bytes) && bytes > 8 * MIB) count = 1, bytes = size;
  unsigned char *memory = slm_calloc(count, size);
  if (memory != NULL) CHECK(ends_are_zero(memory, bytes));
  added(memory, 0, bytes, -1);
}

static void allocate_for(void) {
  size_t alignment = next_alignment(), size = any_size();
  if (!room()) return;
  void *memory = slm_aligned_alloc(alignment, size);
  if (!is_power_of_two(alignment) || alignment > (size_t)1 << 40) CHECK(memory == NULL);
  else added(memory, alignment, size, -1);
}

static void heap_allocate(void) {
  size_t size = any_size();
  int heap = (int)next_below(HEAPS);
  if (room()) added(slm_heap_allocate(m.heaps[heap], size), 0, size, heap);
}

static void heap_allocate_zeroed(void) {
  size_t size = any_size();
  int heap = (int)next_below(HEAPS);
  if (!room()) return;
  unsigned char *memory = slm_heap_allocate_zeroed(m.heaps[heap], size);
  if (memory != NULL) CHECK(ends_are_zero(memory, size));
  added(memory, 0, size, heap);
}

static void heap_allocate_aligned(void) {
  size_t alignment = next_alignment(), size = any_size();
  int heap = (int)next_below(HEAPS);
  if (!room()) return;
  void *memory = slm_heap_allocate_aligned(m.heaps[heap], alignment, size);
  if (!is_power_of_two(alignment) || alignment > (size_t)1 << 40) CHECK(memory == NULL);
  else added(memory, alignment, size, heap);
}

static void deallocate(void) {
  object *at = pick();
  if (at == NULL) return;
  object o = take(at);
  slm_free(o.memory);
  note_freed(o.memory);
}

static void deallocate_sized(void) {
  object *at = pick();
  if (at == NULL) return;
  object o = take(at);
  if (o.was_resized) slm_free(o.memory);
  else if (o.alignment != 0) slm_free_aligned_sized(o.memory, o.alignment, o.size);
  else slm_free_sized(o.memory, o.size);
  note_freed(o.memory);
}

/** By the heap that it is of, after another one has refused it. */
static void heap_free(void) {
  object *at = pick();
  if (at == NULL) return;
  CHECK(slm_heap_deallocate(m.heaps[(at->heap + 1) % HEAPS], at->memory) == SLM_ERR_FOREIGN_POINTER);
  if (at->heap < 0) return;
  CHECK(slm_heap_deallocate(m.heaps[at->heap], at->memory + 1) == SLM_ERR_INTERIOR_POINTER);
  object o = take(at);
  CHECK(slm_heap_deallocate(m.heaps[o.heap], o.memory) == SLM_OK);
  CHECK(is_freed(slm_heap_deallocate(m.heaps[o.heap], o.memory)));
  note_freed(o.memory);
}

static void reallocate(void) {
  object *at = pick();
  size_t size = any_size();
  if (at == NULL) {
    if (room()) added(slm_realloc(NULL, size), 0, size, -1);
    return;
  }
  if (!possible(size)) {
    CHECK(slm_realloc(at->memory, size) == NULL && intact(at));
    return;
  }
  object o = *at;
  CHECK(intact(at));
  unsigned char *memory = slm_realloc(o.memory, size);
  if (memory == NULL && size != 0) {
    CHECK(m.is_starved && errno == ENOMEM && intact(at));
    return;
  }
  *at = m.objects[--m.count];
  CHECK(intervals_remove(&m.taken, o.memory, o.usable));
  if (size == 0) {
    CHECK(memory == NULL);
    note_freed(o.memory);
    return;
  }
  size_t kept = size < o.size ? size : o.size;
  if (o.size > 2 * PATTERN_END && kept > PATTERN_END) kept = PATTERN_END; /* the start of a big object's pattern */
  CHECK(memory != NULL && pattern_holds(memory, kept, o.id));
  if (memory != o.memory) note_freed(o.memory);
  if (o.heap >= 0) CHECK(slm_heap_owns(m.heaps[o.heap], memory)); /* objects stay in their heap */
  added(memory, 0, size, o.heap);
}

/** An object of a heap, whose name is in heap; NULL if there is none. */
static object *pick_of_heap(slm_heap **heap) {
  object *at = pick();
  if (at == NULL || at->heap < 0) return NULL;
  *heap = m.heaps[at->heap];
  return at;
}

static void heap_reallocate(void) {
  slm_heap *heap;
  object *at = pick_of_heap(&heap);
  size_t size = any_size();
  if (at == NULL) return;
  object o = *at;
  CHECK(intact(at));
  CHECK(slm_heap_reallocate(m.heaps[(o.heap + 1) % HEAPS], o.memory, size) == NULL && intact(at));
  errno = 0;
  unsigned char *memory = o.alignment != 0 ? slm_heap_reallocate_aligned(heap, o.memory, o.alignment, size)
                                           : slm_heap_reallocate(heap, o.memory, size);
  if (memory == NULL) {
    CHECK((m.is_starved || !possible(size)) && errno == ENOMEM && intact(at));
    return;
  }
  *at = m.objects[--m.count];
  CHECK(intervals_remove(&m.taken, o.memory, o.usable));
  size_t kept = size < o.size ? size : o.size;
  if (o.size > 2 * PATTERN_END && kept > PATTERN_END) kept = PATTERN_END;
  CHECK(pattern_holds(memory, kept, o.id) && slm_heap_owns(heap, memory));
  if (memory != o.memory) note_freed(o.memory);
  added(memory, o.alignment, size, o.heap);
}

static void heap_resize(void) {
  slm_heap *heap;
  object *at = pick_of_heap(&heap);
  size_t size = any_size();
  if (at == NULL) return;
  CHECK(intact(at));
  CHECK(slm_heap_resize(m.heaps[(at->heap + 1) % HEAPS], at->memory, size) == SLM_ERR_FOREIGN_POINTER);
  slm_status status = slm_heap_resize(heap, at->memory, size);
  if (status != SLM_OK) {
    CHECK(status == SLM_ERR_CANNOT_RESIZE && intact(at));
    return;
  }
  object o = *at;
  *at = m.objects[--m.count];
  CHECK(intervals_remove(&m.taken, o.memory, o.usable));
  added(o.memory, o.alignment, size, o.heap);
  m.objects[m.count - 1].was_resized = true;
}

static void heap_batch(void) {
  void *memory[8];
  size_t size = next_size(), want = 1 + next_below(COUNT_OF(memory)), done = 0;
  int heap = (int)next_below(HEAPS);
  if (m.count + want > LIMIT) return;
  size_t got = slm_heap_allocate_batch(m.heaps[heap], size, want, memory);
  CHECK(possible(size) ? got == want || (m.is_starved && got < want) : got == 0);
  size_t freed = got / 2;
  for (size_t i = freed; i < got; i++) added(memory[i], 0, size, heap);
  CHECK(slm_heap_deallocate_batch(m.heaps[heap], memory, freed, &done) == SLM_OK && done == freed);
}

/** The statistics of a heap are those of the list. */
static void heap_look(void) {
  int heap = (int)next_below(HEAPS);
  slm_heap_usage usage = {.struct_size = sizeof usage};
  uint64_t count = 0, bytes = 0;
  CHECK(slm_heap_statistics(m.heaps[heap], &usage) == SLM_OK);
  for (size_t i = 0; i < m.count; i++) {
    const object *o = &m.objects[i];
    CHECK(slm_heap_owns(m.heaps[heap], o->memory) == (o->heap == heap));
    CHECK(slm_heap_usable_size(m.heaps[heap], o->memory) == (o->heap == heap ? o->usable : 0));
    if (o->heap == heap) count++, bytes += o->usable;
  }
  CHECK(usage.objects_live == count && usage.bytes_live >= bytes);
  CHECK(usage.bytes_live <= usage.bytes_slabs + usage.bytes_large && usage.large_live <= count);
}

/** One report, and NULL where there is a result. */
static void reported(unsigned char *pointer, slm_status kind, size_t how) {
  size_t before = misuses.count;
  if (how == 0) slm_free(pointer);
  else if (how == 1) CHECK(slm_realloc(pointer, 100) == NULL);
  else if (how == 2) CHECK(slm_usable_size(pointer) == 0);
  else slm_free_sized(pointer, 100);
  CHECK(misuses.count == before + 1 && misuses.last.pointer == pointer);
  CHECK(misuses.last.kind == kind || (kind == SLM_ERR_DOUBLE_FREE && misuses.last.kind == SLM_ERR_FOREIGN_POINTER) ||
        (kind == SLM_ERR_DOUBLE_FREE && misuses.last.kind == SLM_ERR_INTERIOR_POINTER));
}

static void misuse_interior(void) {
  object *o = pick();
  size_t how = next_below(4), offset = next_word();
  if (o == NULL) return;
  reported(o->memory + 1 + offset * 37 % (o->usable == 0 ? 15 : o->usable - 1), SLM_ERR_INTERIOR_POINTER, how);
  CHECK(intact(o));
}

/** What is where it was may be another slab, or nothing at all. */
static void misuse_freed(void) {
  unsigned char *memory = m.freed[next_below(FREED)];
  size_t how = next_below(4);
  if (memory == NULL) return;
  for (size_t i = 0; i < m.count; i++)
    if (m.objects[i].memory == memory) return;
  reported(memory, SLM_ERR_DOUBLE_FREE, how);
}

static void misuse_foreign(void) {
  static unsigned char global[64];
  unsigned char local[64];
  size_t which = next_below(4), how = next_below(4), address = next_word();
  unsigned char *pointer = which == 0   ? global
                           : which == 1 ? local
                           : which == 2 ? (void *)(address + 1)
                                        : (void *)~(address << 16);
  reported(pointer, SLM_ERR_FOREIGN_POINTER, how);
}

static void misuse_size(void) {
  object *o = pick();
  size_t size = any_size(), before = misuses.count;
  if (o == NULL || o->alignment != 0 || slm_good_size(size) == o->usable) return;
  /* slm_realloc() has made a large object of one of a heap's: its size is checked by the system's pages, as theirs. */
  bool is_in_pages = o->heap >= 0 && slm_good_size(o->size) != o->usable;
  if (is_in_pages && (size + (size == 0) + 4095) / 4096 * 4096 == o->usable) return;
  slm_free_sized(o->memory, size);
  CHECK(misuses.count == before + 1 && misuses.last.kind == SLM_ERR_LAYOUT_MISMATCH);
  CHECK(intact(o));
}

static void replace_heap(void) {
  int heap = (int)next_below(HEAPS);
  size_t live = SIZE_MAX, want = 0;
  for (size_t i = m.count; i-- > 0;) {
    if (m.objects[i].heap != heap) continue;
    want++;
    note_freed(take(&m.objects[i]).memory);
  }
  CHECK(slm_heap_destroy(m.heaps[heap], &live) == SLM_OK && live == want);
  set_starved(false);
  CHECK((m.heaps[heap] = slm_heap_create(NULL, NULL)) != NULL);
}

static void purge(void) {
  (void)slm_process_purge();
  check_process_books();
}

static void set_options(void) { set_process_options((uint32_t)next_byte() * 100, (uint64_t)next_byte() << 16); }

static void starve(void) { m.starve = 1 + next_below(6); }

static void look(void) {
  size_t size = any_size(), good = slm_good_size(size);
  CHECK((good >= size) == possible(size));
  check_process_books();
  for (size_t i = 0; i < m.count; i++) CHECK(intact(&m.objects[i]));
}

/* An operation is one byte: bit 7 says who does it, the lower 5 bits what. Only ever add at the end: seeds are
 * programs. */
static const operation operations[] = {
    allocate,
    allocate,
    allocate,
    allocate,
    allocate_zeroed,
    allocate_for,
    heap_allocate,
    deallocate,
    deallocate,
    deallocate,
    deallocate,
    heap_free,
    heap_allocate_zeroed,
    reallocate,
    reallocate,
    set_options,
    misuse_interior,
    misuse_freed,
    misuse_foreign,
    misuse_size,
    deallocate_sized,
    replace_heap,
    purge,
    look,
    deallocate_sized,
    worker_end,
    heap_allocate_aligned,
    starve,
    heap_reallocate,
    heap_resize,
    heap_batch,
    heap_look,
};

static void step(void) {
  uint8_t byte = next_byte();
  operation chosen = operation_of(operations, COUNT_OF(operations), byte);
  bool by_worker = byte >= 128 && chosen != worker_end;
  bool is_misuse =
      chosen == misuse_interior || chosen == misuse_freed || chosen == misuse_foreign || chosen == misuse_size;
  size_t reports = misuses.count;
  if (by_worker) worker_start();
  if (m.starve > 0) m.starve--, set_starved(true);
  errno = 0;
  if (by_worker) worker_run(chosen);
  else chosen();
  set_starved(false);
  CHECK(is_misuse || misuses.count == reports); /* nothing is reported that is right */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  program_start(data, size);
  memset(&m, 0, sizeof m);
  (void)catch_misuse(NULL);
  uint64_t slabs_before = process_statistics().bytes_slabs;
  intervals_open(&m.taken, LIMIT);
  for (size_t i = 0; i < HEAPS; i++) CHECK((m.heaps[i] = slm_heap_create(NULL, NULL)) != NULL);
  while (program.at < program.size) step();
  size_t reports = misuses.count;
  for (size_t i = 0; i < HEAPS; i++) {
    size_t live = SIZE_MAX, want = 0;
    for (size_t j = m.count; j-- > 0;)
      if (m.objects[j].heap == (int)i) want++, take(&m.objects[j]);
    CHECK(slm_heap_destroy(m.heaps[i], &live) == SLM_OK && live == want);
    CHECK(slm_heap_destroy(m.heaps[i], NULL) == SLM_ERR_NOT_INITIALIZED);
  }
  while (m.count > 0) slm_free(take(&m.objects[m.count / 2]).memory);
  worker_end();
  CHECK(misuses.count == reports);
  intervals_close(&m.taken);
  slm_process_purge();
  slm_process_usage now = check_process_books();
  CHECK(now.large_live == 0);
  /* A slab that is left by its owner is lost if who frees in it has no heap, nor memory for one. */
  CHECK(m.ever_starved || now.bytes_slabs <= slabs_before + 16 * MIB);
  (void)release_misuse(NULL);
  return 0;
}
