// How much stack each call uses. The stack below a call is painted before it, and the lowest byte that changed says how
// far it went. Random work takes every call through its slow paths: pages come and go, memory is used up, objects are
// misused, in zones and caches of each profile and for each number of threads.
//
//     high   | frame of work() | return address, frames of the call | painted |   low
//                              \_____________ counted _____________/
//
// The provider is the library's own region. Hooks are counted as part of the call, and take next to nothing here.
#include "machine.h"
#include <slabmalloc.h>
#include <slabmalloc/port.h>

// What Kernels.md states for every target: of any call, of the lean ones, and of those that print a report.
enum { limit_call = 1792, limit_lean = 896, limit_print = 2560 };
enum { painted = 4096, buffer_size = 8 << 20, object_count = 400, step_count = 2500, cpu_count = 2 };

static SLM_ALIGNAS(4096) unsigned char buffer[buffer_size];
static slm_region *region;
static uint32_t random_state = 20260611, cpu, refusals;

static uint32_t random_below(uint32_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state % limit;
}

uintptr_t slm_port_context(void) { return cpu; }
uintptr_t slm_port_disable_interrupts(void) { return 0; }
void slm_port_restore_interrupts(uintptr_t state) { (void)state; }
void *slm_port_allocate_page(size_t page_size) { return page_size == 0 ? buffer : NULL; }
void slm_port_release_page(void *page, size_t page_size) { (void)page, (void)page_size; }
void slm_port_misuse(const slm_misuse *misuse) { (void)misuse; }

// --- Measuring -------------------------------------------------------------------------------------

typedef struct measured {
  const char *name;
  uint32_t depth;
} measured;
static measured calls[120];
static uint32_t call_count;

static measured *find(const char *name) {
  for (uint32_t i = 0; i < call_count; i++)
    if (calls[i].name == name) return &calls[i];
  CHECK(call_count < sizeof calls / sizeof calls[0]);
  calls[call_count] = (measured){name, 0};
  return &calls[call_count++];
}

static const uintptr_t paint = (uintptr_t)-1 / 255 * 0xA5;
enum { painted_words = painted / sizeof(uintptr_t) };

/// Paints the stack, or returns how many bytes of it have another colour. One function does both, so that both see the
/// same memory.
__attribute__((noinline)) static uint32_t stack_below(bool paints) {
  volatile uintptr_t words[painted_words];
  uint32_t i = 0;
  while (i < painted_words && (paints || words[i] == paint)) {
    if (paints) words[i] = paint;
    i++;
  }
  return (painted_words - i) * (uint32_t)sizeof(uintptr_t);
}

// A call, with what it returns.
#define MEASURED(name, call)                                                                                           \
  ({                                                                                                                   \
    stack_below(true);                                                                                                 \
    __typeof__(call) result_ = (call);                                                                                 \
    uint32_t depth_ = stack_below(false);                                                                              \
    CHECK(depth_ < painted);                                                                                           \
    measured *measured_ = find(name);                                                                                  \
    if (measured_->depth < depth_) measured_->depth = depth_;                                                          \
    result_;                                                                                                           \
  })
#define STACK(function, ...) MEASURED(#function, function(__VA_ARGS__))

// --- Zones and caches ------------------------------------------------------------------------------

#if defined(SLM_SMALL)
enum { largest = 2048 };
#else
enum { largest = SLM_MAX_SIZE };
#endif

typedef struct object {
  unsigned char *memory;
  size_t size;
} object;
static object objects[object_count];

static size_t random_size(void) {
#if !defined(SLM_SMALL)
  if (random_below(40) == 0) return 1 + random_below(512 << 10); /* with runs of their own */
#endif
  return 1 + random_below(random_below(8) == 0 ? largest : 600);
}

/// Whatever a pointer may be that is no live object.
static void *wild_pointer(const object *o) {
  switch (random_below(4)) {
  case 0:
    return o->memory + 1;
  case 1:
    return &random_state;
  case 2:
    return NULL;
  default:
    return (void *)(uintptr_t)random_state;
  }
}

static const slm_options *options_of(uint32_t threads, uint64_t flags) {
  static slm_options options;
  options = *SLM_OPTIONS(slm_region_provider(region));
  options.threads = threads;
  options.cpu_count = threads == SLM_PER_CPU ? cpu_count : 0;
  options.flags = flags;
  return &options;
}

static void fresh_region(void) {
  region = STACK(slm_region_init, buffer, buffer_size / 2, 4096, NULL);
  CHECK(region != NULL && STACK(slm_region_add, region, buffer + buffer_size / 2, buffer_size / 2) == SLM_OK);
}

static void zone_misuse(slm_zone *zone, const object *o, bool is_fast) {
  void *pointer = wild_pointer(o);
  if (pointer == o->memory) return;
  if (STACK(slm_zone_deallocate, zone, pointer) != SLM_OK) refusals++;
  if (!is_fast) { /* which would free it */
    /* Larger than any object: large ones are told apart by their pages alone. */
    CHECK(STACK(slm_zone_deallocate_sized, zone, o->memory, 8 * largest) != SLM_OK);
    CHECK(STACK(slm_zone_deallocate_aligned_sized, zone, o->memory, 3, o->size) != SLM_OK);
  }
  if (pointer != NULL) CHECK(STACK(slm_zone_reallocate, zone, pointer, 10) == NULL);
  if (pointer != NULL) CHECK(STACK(slm_zone_resize, zone, pointer, 10) != SLM_OK);
  CHECK(STACK(slm_zone_usable_size, zone, pointer) == 0);
  (void)STACK(slm_zone_owns, zone, pointer);
}

static void zone_free(slm_zone *zone, object *o) {
  slm_status status;
  switch (random_below(3)) {
  case 0:
    status = STACK(slm_zone_deallocate, zone, o->memory);
    break;
  case 1:
    status = STACK(slm_zone_deallocate_sized, zone, o->memory, o->size);
    break;
  default:
    status = STACK(slm_zone_deallocate_aligned_sized, zone, o->memory, 1, o->size);
    break;
  }
  CHECK(status == SLM_OK);
  CHECK(STACK(slm_zone_deallocate, zone, o->memory) == SLM_ERR_DOUBLE_FREE);
  o->memory = NULL;
}

static void zone_allocate(slm_zone *zone, object *o) {
  o->size = random_size();
  void *out = NULL;
  switch (random_below(5)) {
  case 0:
    out = STACK(slm_zone_allocate, zone, o->size);
    break;
  case 1:
    out = STACK(slm_zone_allocate_zeroed, zone, o->size);
    break;
  case 2:
    (void)STACK(slm_zone_allocate_with, zone, 1, o->size, SLM_ZEROED, &out);
    break;
  case 3:
    (void)STACK(slm_zone_allocate_with, zone, 1, o->size, SLM_NOWAIT, &out);
    break;
  default:
    out = STACK(slm_zone_allocate_aligned, zone, 1, o->size);
    break;
  }
  o->memory = out;
}

static void zone_rare(slm_zone *zone) {
  void *batch[8];
  size_t size = random_size(), alignment = (size_t)1 << random_below(13);
  void *aligned = STACK(slm_zone_allocate_aligned, zone, alignment, size);
  if (aligned != NULL) {
    void *moved = STACK(slm_zone_reallocate_aligned, zone, aligned, alignment, random_size());
    if (moved != NULL) aligned = moved;
    CHECK(STACK(slm_zone_deallocate, zone, aligned) == SLM_OK);
  }
  CHECK(STACK(slm_zone_good_size, zone, 100) >= 100);
  CHECK(STACK(slm_zone_page_size, zone, 1, 100) > 0);
#if !defined(SLM_SMALL)
  size_t count = STACK(slm_zone_allocate_batch, zone, size, 8, batch), done = 0;
  CHECK(STACK(slm_zone_deallocate_batch, zone, batch, count, &done) == SLM_OK && done == count);
  (void)STACK(slm_zone_reserve, zone, 1, size, random_below(2) * 4);
  slm_statistics statistics = {.struct_size = sizeof statistics};
  CHECK(STACK(slm_zone_statistics, zone, &statistics) == SLM_OK);
  slm_class_statistics class = {.struct_size = sizeof class};
  CHECK(STACK(slm_zone_class_statistics, zone, random_below(statistics.class_count), &class) == SLM_OK);
#else
  (void)batch;
#endif
  void *page = STACK(slm_zone_reclaim_page, zone, 4096);
  if (page != NULL) {
    CHECK(STACK(slm_zone_refill, zone, 1, size < 600 ? size : 600, page, 4096) == SLM_OK);
    CHECK(STACK(slm_zone_refill, zone, 1, 600, page, 4096) != SLM_OK);
  }
  slm_reclaimed reclaimed = {.struct_size = sizeof reclaimed};
  CHECK(STACK(slm_zone_reclaim, zone, random_below(3), random_below(2), &reclaimed) == SLM_OK);
}

static SLM_ALIGNAS(64) unsigned char storage[(1 + cpu_count) * (SLM_ZONE_STORAGE_SIZE + 64)];

static void work_on_zone(uint32_t threads, uint64_t flags) {
  fresh_region();
  const slm_options *options = options_of(threads, flags);
  CHECK(STACK(slm_zone_storage_size, options) <= sizeof storage);
  slm_zone *zone = STACK(slm_zone_init, storage, sizeof storage, options, NULL);
  CHECK(zone != NULL);
  for (uint32_t i = 0; i < object_count; i++) objects[i].memory = NULL;
  // Few objects by turns and many: then memory is used up.
  for (uint32_t step = 0; step < step_count; step++) {
    uint32_t live = step / 1000 % 2 == 0 ? object_count / 8 : object_count;
    object *o = &objects[random_below(object_count)];
    cpu = random_below(cpu_count);
    if (o->memory != NULL && random_below(object_count) >= live / 2) {
      if (random_below(8) == 0) zone_misuse(zone, o, flags == SLM_FAST);
      zone_free(zone, o);
    } else if (o->memory == NULL) {
      zone_allocate(zone, o);
    } else {
      size_t size = random_size();
      unsigned char *moved = STACK(slm_zone_reallocate, zone, o->memory, size);
      if (moved != NULL) *o = (object){moved, size};
      CHECK(STACK(slm_zone_usable_size, zone, o->memory) >= o->size);
      CHECK(STACK(slm_zone_resize, zone, o->memory, o->size) == SLM_OK && STACK(slm_zone_owns, zone, o->memory));
    }
    if (step % 50 == 0) zone_rare(zone);
  }
  // Up to the last byte.
  for (size_t size = largest; size >= 1024; size /= 2)
    while (STACK(slm_zone_allocate, zone, size) != NULL) {
    }
  zone_rare(zone);
  size_t live = 0;
  CHECK(STACK(slm_zone_destroy, zone, &live) == SLM_OK && live > 0);
  CHECK(STACK(slm_zone_destroy, zone, NULL) == SLM_ERR_NOT_INITIALIZED);
}

static void work_on_cache(uint32_t threads, uint64_t flags) {
  fresh_region();
  const slm_options *options = options_of(threads, flags);
  CHECK(STACK(slm_cache_storage_size, options) <= sizeof storage);
  slm_cache *cache = STACK(slm_cache_init, storage, sizeof storage, 8, 200, options, NULL);
  CHECK(cache != NULL);
  for (uint32_t i = 0; i < object_count; i++) objects[i].memory = NULL;
  for (uint32_t step = 0; step < step_count; step++) {
    object *o = &objects[random_below(object_count)];
    cpu = random_below(cpu_count);
    if (o->memory == NULL) {
      void *out = NULL;
      if (random_below(3) == 0) (void)STACK(slm_cache_allocate_with, cache, 0, &out);
      else out = random_below(2) == 0 ? STACK(slm_cache_allocate, cache) : STACK(slm_cache_allocate_zeroed, cache);
      o->memory = out;
    } else {
      CHECK(STACK(slm_cache_deallocate, cache, o->memory + 8) != SLM_OK);
      CHECK(STACK(slm_cache_usable_size, cache, o->memory) >= 200 && STACK(slm_cache_owns, cache, o->memory));
      slm_status status = random_below(3) == 0   ? STACK(slm_cache_deallocate_sized, cache, o->memory, 200)
                          : random_below(2) == 0 ? STACK(slm_cache_deallocate_aligned_sized, cache, o->memory, 8, 200)
                                                 : STACK(slm_cache_deallocate, cache, o->memory);
      CHECK(status == SLM_OK && STACK(slm_cache_deallocate, cache, o->memory) == SLM_ERR_DOUBLE_FREE);
      o->memory = NULL;
    }
    if (step % 50 != 0) continue;
    CHECK(STACK(slm_cache_slot_size, cache) >= 200 && STACK(slm_cache_page_size, cache) == 4096);
    slm_reclaimed reclaimed = {.struct_size = sizeof reclaimed};
    CHECK(STACK(slm_cache_reclaim, cache, random_below(3), 0, &reclaimed) == SLM_OK);
    void *page = STACK(slm_cache_reclaim_page, cache, 4096);
    if (page != NULL) CHECK(STACK(slm_cache_refill, cache, page, 4096) == SLM_OK);
#if !defined(SLM_SMALL)
    void *batch[8];
    size_t count = STACK(slm_cache_allocate_batch, cache, 8, batch);
    CHECK(STACK(slm_cache_deallocate_batch, cache, batch, count, NULL) == SLM_OK);
    (void)STACK(slm_cache_reserve, cache, random_below(2) * 4);
    slm_statistics statistics = {.struct_size = sizeof statistics};
    CHECK(STACK(slm_cache_statistics, cache, &statistics) == SLM_OK);
    slm_class_statistics class = {.struct_size = sizeof class};
    CHECK(STACK(slm_cache_class_statistics, cache, &class) == SLM_OK);
#endif
  }
  while (STACK(slm_cache_allocate, cache) != NULL) {
  }
  size_t live = 0;
  CHECK(STACK(slm_cache_destroy, cache, &live) == SLM_OK && live > 0);
}

#if !defined(SLM_SMALL)
// What the client's functions use counts as the library's: these use next to nothing.
static bool has_water;
static bool shrink(void *context, size_t bytes) {
  bool frees = has_water && bytes != 0;
  has_water = false;
  if (frees) (void)slm_zone_set_limits(context, 0, 2 << 20);
  return frees;
}
static void above_soft_limit(void *context, size_t bytes) { (void)context, (void)bytes; }
static bool go_on(void *context, void *object, size_t size, size_t class_index) {
  (void)context, (void)object, (void)size, (void)class_index;
  return true;
}
static bool next_row(void *context, const slm_registry_row *row) { return (void)context, row->struct_size != 0; }
static void write_nothing(void *context, const char *text, size_t length) { (void)context, (void)text, (void)length; }
static slm_status construct(void *context, void *object, size_t size) {
  (void)context, (void)object, (void)size;
  return random_below(600) == 0 ? SLM_ERR_OUT_OF_MEMORY : SLM_OK;
}
static void end_object(void *context, void *object, size_t size) { (void)context, (void)object, (void)size; }

/// A zone with limits that is the provider of a cache with a constructor.
static void work_on_policies(uint32_t threads, uint64_t flags) {
  static SLM_ALIGNAS(64) unsigned char cache_storage[(1 + cpu_count) * (SLM_CACHE_STORAGE_SIZE + 64)];
  static slm_registry registry;
  static slm_registry_entry entries[2];
  fresh_region();
  slm_zone *zone = slm_zone_init(storage, sizeof storage, options_of(threads, flags), NULL);
  slm_shrinker shrinkers[2] = {{.struct_size = sizeof(slm_shrinker), .context = zone, .shrink = shrink},
                               {.struct_size = sizeof(slm_shrinker), .context = zone, .shrink = shrink}};
  CHECK(STACK(slm_zone_set_limits, zone, 1 << 19, 1 << 20) == SLM_OK);
  CHECK(STACK(slm_zone_set_soft_limit_handler, zone, above_soft_limit, NULL) == SLM_OK);
  CHECK(STACK(slm_zone_add_shrinker, zone, &shrinkers[0]) == SLM_OK);
  slm_options options = *options_of(threads, flags);
  options.provider = STACK(slm_zone_provider, zone);
  slm_cache *cache = slm_cache_init(cache_storage, sizeof cache_storage, 8, 200, &options, NULL);
  slm_constructor constructor = {sizeof constructor, 0, NULL, construct, end_object};
  CHECK(cache != NULL && STACK(slm_cache_set_constructor, cache, &constructor) == SLM_OK);
  CHECK(STACK(slm_cache_set_limits, cache, 0, 0) == SLM_OK);
  CHECK(STACK(slm_cache_set_soft_limit_handler, cache, above_soft_limit, NULL) == SLM_OK);
  CHECK(STACK(slm_cache_add_shrinker, cache, &shrinkers[1]) == SLM_OK);
  CHECK(STACK(slm_registry_add_zone, &registry, &entries[0], zone) == SLM_OK);
  CHECK(STACK(slm_registry_add_cache, &registry, &entries[1], cache) == SLM_OK);
  for (uint32_t step = 0; step < step_count; step++) {
    cpu = random_below(cpu_count);
    has_water = random_below(100) == 0;
    void *object = random_below(2) == 0 ? STACK(slm_zone_allocate, zone, random_size())
                                        : MEASURED("a lent page's object", slm_cache_allocate(cache));
    if (object == NULL) CHECK(STACK(slm_zone_set_limits, zone, 1 << 19, 1 << 20) == SLM_OK);
    if (step % 100 != 0) continue;
    CHECK(STACK(slm_zone_for_each, zone, go_on, NULL) == SLM_OK &&
          STACK(slm_cache_for_each, cache, go_on, NULL) == SLM_OK);
    CHECK(STACK(slm_registry_for_each, &registry, next_row, NULL) == SLM_OK);
    CHECK(STACK(slm_registry_print, &registry, write_nothing, NULL) == SLM_OK);
    CHECK(STACK(slm_zone_print, zone, SLM_TEXT, write_nothing, NULL) == SLM_OK);
    CHECK(STACK(slm_cache_print, cache, SLM_JSON, write_nothing, NULL) == SLM_OK);
  }
  CHECK(STACK(slm_registry_remove, &registry, &entries[0]) == SLM_OK);
  CHECK(STACK(slm_registry_remove, &registry, &entries[1]) == SLM_OK);
  CHECK(STACK(slm_zone_remove_shrinker, zone, &shrinkers[0]) == SLM_OK);
  CHECK(STACK(slm_cache_remove_shrinker, cache, &shrinkers[1]) == SLM_OK);
  CHECK(STACK(slm_cache_destroy_with, cache, go_on, NULL, NULL) == SLM_OK);
  CHECK(STACK(slm_zone_destroy_with, zone, go_on, NULL, NULL) == SLM_OK);
}
#endif

/// A region's pages, taken and given back in any order.
static void work_on_region(void) {
  fresh_region();
  slm_page_provider provider = STACK(slm_region_provider, region);
  void *pages[64] = {NULL};
  for (uint32_t step = 0; step < step_count; step++) {
    uint32_t i = random_below(64);
#if defined(SLM_SMALL)
    size_t size = 4096;
#else
    size_t size = i < 2 ? SLM_LARGE_PAGE_SIZE : 4096;
#endif
#if !defined(SLM_SMALL)
    if (i % 4 == 2) { /* runs */
      size = (i + 1) * 4096;
      if (pages[i] == NULL) {
        size_t alignment = (size_t)4096 << i % 5;
        pages[i] = MEASURED("a region's run", provider.allocate_run(provider.context, size, alignment));
      } else {
        (void)MEASURED("a region's run", (provider.release_run(provider.context, pages[i], size), 0));
        pages[i] = NULL;
      }
      continue;
    }
#endif
    if (pages[i] == NULL) pages[i] = MEASURED("a region's page", provider.allocate_page(provider.context, size));
    else {
      (void)MEASURED("a region's page", (provider.release_page(provider.context, pages[i], size), 0));
      pages[i] = NULL;
    }
  }
  CHECK(STACK(slm_region_available, region, 4096) > 0);
  slm_provider_statistics statistics = {.struct_size = sizeof statistics};
#if !defined(SLM_SMALL)
  CHECK(STACK(slm_region_statistics, region, &statistics) == SLM_OK);
  slm_fragmentation fragmentation = {.struct_size = sizeof fragmentation};
  CHECK(STACK(slm_region_fragmentation, region, &fragmentation) == SLM_OK);
  slm_free_runs stretches = {.struct_size = sizeof stretches};
  CHECK(STACK(slm_region_free_runs, region, &stretches) == SLM_OK);
#else
  (void)statistics;
#endif
}

#if !defined(SLM_SMALL)
/// A machine without atomic instructions has no zone for threads.
static const uint32_t most_threads = HAS_ATOMICS ? SLM_PER_CPU : SLM_ONE_THREAD;

static void work_on_swift_heap(void) {
  fresh_region();
  slm_zone *zone = slm_zone_init(storage, sizeof storage, options_of(most_threads, 0), NULL);
  slm_swift_heap_start(zone);
  for (uint32_t i = 0; i < 1000; i++) {
    void *out = NULL;
    CHECK(STACK(slm_swift_heap_allocate, 16, random_size(), &out) == SLM_OK);
    (void)MEASURED("slm_swift_heap_free", (slm_swift_heap_free((char *)out + 8), 0));
    (void)MEASURED("slm_swift_heap_free", (slm_swift_heap_free(out), 0));
    (void)MEASURED("slm_swift_heap_free", (slm_swift_heap_free(out), 0));
  }
  slm_swift_heap_start(NULL);
}
#endif

// --- The result ------------------------------------------------------------------------------------

static bool starts_with(const char *text, const char *start) {
  while (*start != 0 && *text == *start) text++, start++;
  return *start == 0;
}

/// The deepest call whose name starts so.
static void print_deepest(const char *start, const char *separator) {
  const measured *deepest = NULL;
  for (uint32_t i = 0; i < call_count; i++)
    if (starts_with(calls[i].name, start) && (deepest == NULL || calls[i].depth > deepest->depth)) deepest = &calls[i];
  CHECK(deepest != NULL);
  print(deepest->name);
  print(" ");
  print_number(deepest->depth);
  print(separator);
}

/// Whether a call is a deallocation, or only looks at an object.
static uint32_t limit_of(const char *name) {
  static const char *const names[] = {
      "slm_zone_deallocate",   "slm_zone_usable_size", "slm_zone_owns",       "slm_zone_resize", "slm_cache_deallocate",
      "slm_cache_usable_size", "slm_cache_owns",       "slm_swift_heap_free", "a region's page",
  };
  for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (starts_with(name, names[i])) return limit_lean;
  if (starts_with(name, "slm_zone_print") || starts_with(name, "slm_cache_print")) return limit_print;
  return limit_call;
}

int run(void) {
  CHECK(MEASURED("slm_version", slm_version()) == SLM_VERSION);
  CHECK(MEASURED("slm_port_provider", slm_port_provider()).allocate_page != NULL);
  work_on_region();
#if defined(SLM_SMALL)
  work_on_zone(SLM_ONE_THREAD, 0);
  work_on_cache(SLM_ONE_THREAD, 0);
#else
  for (uint32_t threads = SLM_ONE_THREAD; threads <= most_threads; threads++) {
    for (uint64_t flags = 0; flags <= SLM_HARDENED; flags++) {
      work_on_zone(threads, flags);
      work_on_cache(threads, flags);
      work_on_policies(threads, flags);
    }
  }
  work_on_swift_heap();
  CHECK(STACK(slm_status_name, SLM_OK) != NULL);
#endif
  CHECK(refusals > 0);
  bool holds = true;
  for (uint32_t i = 0; i < call_count; i++) {
    if (calls[i].depth <= limit_of(calls[i].name)) continue;
    print(calls[i].name);
    print(" uses too much stack: ");
    print_number(calls[i].depth);
    print("\n");
    holds = false;
  }
  print("bytes of stack at most: ");
  print_deepest("slm_zone_", ", ");
  print_deepest("slm_cache_", ", ");
  print_deepest("slm_zone_deallocate", ", ");
  print_deepest("slm_region_", ", ");
  print_deepest("a region's page", "");
  return holds ? 0 : 1;
}
