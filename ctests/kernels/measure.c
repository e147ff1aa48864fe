// What calls cost, in instructions of this machine: QEMU counts them (-icount shift=0). With "measure" on the command
// line the kernel does this in place of its tasks. One CPU works, with interrupts off; the other has allocated, and
// sleeps.
#include "kernel.h"

#define OBJECTS 26000
#define OTHERS 3000
#define PHASE 40000 // steps in which the set of objects grows, or shrinks
#define STEPS (4 * PHASE)

#define CALLS(CALL)                                                                                                    \
  CALL(ALLOCATE, "slm_zone_allocate")                                                                                  \
  CALL(NOWAIT, "slm_zone_allocate_with SLM_NOWAIT")                                                                    \
  CALL(ALLOCATE_NONE, "slm_zone_allocate, memory used up")                                                             \
  CALL(NOWAIT_NONE, "slm_zone_allocate_with SLM_NOWAIT, no free slot")                                                 \
  CALL(DEALLOCATE, "slm_zone_deallocate")                                                                              \
  CALL(REFUSE, "slm_zone_deallocate of a foreign pointer")                                                             \
  CALL(HEAP_ALLOCATE, "slm_zone_allocate, a zone per CPU")                                                             \
  CALL(HEAP_NOWAIT, "slm_zone_allocate_with SLM_NOWAIT, a zone per CPU")                                               \
  CALL(HEAP_ALLOCATE_NONE, "slm_zone_allocate, memory used up, a zone per CPU")                                        \
  CALL(HEAP_NOWAIT_NONE, "slm_zone_allocate_with SLM_NOWAIT, no free slot, a zone per CPU")                            \
  CALL(HEAP_DEALLOCATE, "slm_zone_deallocate, a zone per CPU")                                                         \
  CALL(HEAP_DEALLOCATE_OTHERS, "slm_zone_deallocate of another CPU's object, a zone per CPU")                          \
  CALL(HEAP_REFUSE, "slm_zone_deallocate of a foreign pointer, a zone per CPU")                                        \
  CALL(TAKE_PAGE, "a base page of a region")                                                                           \
  CALL(TAKE_LARGE_PAGE, "a large page of a region")                                                                    \
  CALL(GIVE_PAGE_BACK, "a page back to a region")

#define CALL_NAME(call, name) name,
#define CALL_NUMBER(call, name) call,
static const char *const names[] = {CALLS(CALL_NAME)};
enum call { CALLS(CALL_NUMBER) CALL_COUNT };
static struct { uint64_t calls, sum, most; } costs[CALL_COUNT];
static uint64_t overhead;

static void record(enum call call, uint64_t instructions) {
  instructions -= overhead;
  costs[call].calls++;
  costs[call].sum += instructions;
  if (instructions > costs[call].most) costs[call].most = instructions;
}

// Evaluates an expression between two looks at the counter.
#define COUNT(count, expression)                                                                                       \
  do {                                                                                                                 \
    count = machine_instructions();                                                                                    \
    expression;                                                                                                        \
    count = machine_instructions() - count;                                                                            \
  } while (0)

static void *objects[OBJECTS];
static void *others[OTHERS];

static size_t random_size(uint64_t *random) {
  uint64_t kind = random_next(random) % 64;
  size_t limit = kind == 0 ? memory_largest_object() : kind < 40 ? 2048 : 256;
  return 1 + random_next(random) % limit;
}

// The set of objects grows and shrinks, so that memory is used up, pages become empty, and change their class.
static bool allocates(size_t step, void *object, uint64_t *random) {
  uint64_t growing = step / PHASE % 2 == 0 ? 7 : 1;
  return object == NULL && random_next(random) % 8 < growing;
}

// Above all memory.
static void *foreign(uint64_t *random) { return (void *)((uintptr_t)1 << 40 | random_next(random) >> 32); }

void measure_prepare_other(void) {
  uint64_t random = 1;
  for (size_t i = 0; i < OTHERS; i++) others[i] = slm_zone_allocate(heap, 1 + random_next(&random) % 1024);
}

static void measure_zone(void) {
  static slm_zone_storage storage;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, SLM_OPTIONS(slm_region_provider(frames)), NULL);
  uint64_t random = 2, count;
  slm_status status;
  for (size_t step = 0; step < STEPS; step++) {
    void **object = &objects[random_next(&random) % OBJECTS];
    if (allocates(step, *object, &random)) {
      size_t size = random_size(&random);
      if (step % 2 == 0) COUNT(count, *object = slm_zone_allocate(zone, size));
      else COUNT(count, status = slm_zone_allocate_with(zone, 8, size, SLM_NOWAIT, object));
      record((*object != NULL ? ALLOCATE : ALLOCATE_NONE) + step % 2, count);
    } else if (*object != NULL) {
      COUNT(count, status = slm_zone_deallocate(zone, *object));
      check_that(status == SLM_OK, "the object is freed");
      record(DEALLOCATE, count);
      *object = NULL;
    }
    if (step % 16 == 0) {
      COUNT(count, status = slm_zone_deallocate(zone, foreign(&random)));
      record(REFUSE, count);
    }
  }
  for (size_t i = 0; i < OBJECTS; i++) objects[i] = NULL;
  check_that(slm_zone_destroy(zone, NULL) == SLM_OK, "the zone ends");
}

static void measure_heap(void) {
  uint64_t random = 3, count;
  slm_status status;
  for (size_t step = 0; step < STEPS; step++) {
    void **object = &objects[random_next(&random) % OBJECTS];
    if (allocates(step, *object, &random)) {
      size_t size = random_size(&random);
      if (step % 2 == 0) COUNT(count, *object = slm_zone_allocate(heap, size));
      else COUNT(count, status = slm_zone_allocate_with(heap, 8, size, SLM_NOWAIT, object));
      record((*object != NULL ? HEAP_ALLOCATE : HEAP_ALLOCATE_NONE) + step % 2, count);
    } else if (*object != NULL) {
      COUNT(count, status = slm_zone_deallocate(heap, *object));
      check_that(status == SLM_OK, "the object is freed");
      record(HEAP_DEALLOCATE, count);
      *object = NULL;
    }
    void **other = &others[random_next(&random) % OTHERS];
    if (step % 16 == 1 && *other != NULL) {
      COUNT(count, status = slm_zone_deallocate(heap, *other));
      check_that(status == SLM_OK, "another CPU's object is freed");
      record(HEAP_DEALLOCATE_OTHERS, count);
      *other = NULL;
    }
    if (step % 16 == 0) {
      COUNT(count, status = slm_zone_deallocate(heap, foreign(&random)));
      record(HEAP_REFUSE, count);
    }
  }
  for (size_t i = 0; i < OBJECTS; i++) slm_zone_deallocate(heap, objects[i]);
  for (size_t i = 0; i < OTHERS; i++) slm_zone_deallocate(heap, others[i]);
  check_that(slm_zone_reclaim(heap, SIZE_MAX, SIZE_MAX, NULL) == SLM_OK, "empty pages go back");
}

// The lowest bit of an entry says that it is a large page.
static void measure_region(void) {
  slm_page_provider provider = slm_region_provider(frames);
  static uintptr_t pages[OTHERS];
  uint64_t random = 4, count;
  for (size_t step = 0; step < STEPS; step++) {
    uintptr_t *page = &pages[random_next(&random) % OTHERS];
    bool large = *page != 0 ? *page & 1 : random_next(&random) % 64 == 0;
    size_t size = large ? SLM_LARGE_PAGE_SIZE : 4096;
    if (*page != 0) {
      COUNT(count, provider.release_page(provider.context, (void *)(*page - large), size));
      record(GIVE_PAGE_BACK, count);
      *page = 0;
    } else {
      void *taken;
      COUNT(count, taken = provider.allocate_page(provider.context, size));
      record(large ? TAKE_LARGE_PAGE : TAKE_PAGE, count);
      if (taken != NULL) *page = (uintptr_t)taken + large;
    }
  }
  for (size_t i = 0; i < OTHERS; i++) {
    bool large = pages[i] & 1;
    if (pages[i] != 0)
      provider.release_page(provider.context, (void *)(pages[i] - large), large ? SLM_LARGE_PAGE_SIZE : 4096);
  }
}

void measure_run(void) {
  COUNT(overhead, (void)0);
  measure_zone();
  measure_heap();
  measure_region();
  for (enum call call = 0; call < CALL_COUNT; call++) {
    check_that(costs[call].calls > 0, "every call is measured");
    if (costs[call].calls == 0) continue;
    print("cost: %5lu at most, %5lu mean of %6lu: %s\n", (unsigned long)costs[call].most,
          (unsigned long)(costs[call].sum / costs[call].calls), (unsigned long)costs[call].calls, names[call]);
  }
}
