// What a single call executes at its worst: rows of instructions.c, per call. The provider's share is not counted: it
// is here. Base pages are of 64 KiB and objects small, so that a page has the most words to carve.
#include <pthread.h>

#define WORST_PAGE ((size_t)65536)
#define WORST_CALLS 50
#define REMOTE_OBJECTS 5000

static void *worst_allocate_page(void *context, size_t page_size) {
  (void)context;
  return aligned_alloc(page_size, page_size);
}

static void worst_release_page(void *context, void *page, size_t page_size) {
  (void)context, (void)page_size;
  free(page);
}

static slm_options worst_options(void) {
  slm_page_provider provider = {.struct_size = sizeof provider,
                                .page_size = WORST_PAGE,
                                .allocate_page = worst_allocate_page,
                                .release_page = worst_release_page};
  return *SLM_OPTIONS(provider);
}

// Counts a call alone; what is before and after it in the loop is not counted.
#define COUNT_CALL(call)                                                                                               \
  do {                                                                                                                 \
    CALLGRIND_TOGGLE_COLLECT;                                                                                          \
    call;                                                                                                              \
    CALLGRIND_TOGGLE_COLLECT;                                                                                          \
  } while (0)

static void must(bool it_holds, const char *what) {
  if (!it_holds) die(what);
}

static slm_zone *open_worst(void) {
  static slm_zone_storage storage;
  slm_options options = worst_options();
  return slm_zone_init(&storage, sizeof storage, &options, NULL);
}

// For each class of base pages but one: its page has a live object, so that it stays, and the class holds slots ready,
// which a search for an empty page must take back.
static void spread(slm_zone *zone, size_t but, bool is_first) {
  size_t last = 0;
  for (size_t size = 8; size <= WORST_PAGE / 16; size += 8) {
    size_t class = slm_zone_good_size(zone, size);
    if (class == last || class == slm_zone_good_size(zone, but)) continue;
    last = class;
    void *object = slm_zone_allocate(zone, size);
    must(object != NULL, "spread");
    if (!is_first) slm_zone_deallocate(zone, object);
  }
}

static void count_refill(size_t size) {
  slm_zone *zone = open_worst();
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
  for (size_t i = 0; i < WORST_CALLS; i++) {
    void *object;
    COUNT_CALL(object = slm_zone_allocate(zone, size));
    must(object != NULL && slm_zone_deallocate(zone, object) == SLM_OK, "refill");
    must(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL) == SLM_OK, "reclaim");
  }
  dump_calls("refill", size, WORST_CALLS);
  CALLGRIND_TOGGLE_COLLECT;
  slm_zone_destroy(zone, NULL);
}

static void count_nowait(size_t size) {
  slm_zone *zone = open_worst();
  spread(zone, size, true);
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
  for (size_t i = 0; i < WORST_CALLS; i++) {
    slm_status status;
    void *object;
    spread(zone, size, false);
    COUNT_CALL(status = slm_zone_allocate_with(zone, 8, size, SLM_NOWAIT, &object));
    must(status == SLM_ERR_OUT_OF_MEMORY, "nowait");
  }
  dump_calls("nowait", size, WORST_CALLS);
  CALLGRIND_TOGGLE_COLLECT;
  slm_zone_destroy(zone, NULL);
}

static void count_emptying(size_t size) {
  static void *objects[3 * WORST_PAGE / 8];
  slm_zone *zone = open_worst();
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
  for (size_t i = 0; i < WORST_CALLS; i++) {
    // More than a page: its objects' page is another one than the one that is allocated from.
    size_t count = 0;
    do must((objects[count] = slm_zone_allocate(zone, size)) != NULL, "emptying");
    while ((uintptr_t)objects[count++] / WORST_PAGE == (uintptr_t)objects[0] / WORST_PAGE);
    for (size_t j = 1; j + 1 < count; j++) slm_zone_deallocate(zone, objects[j]);
    COUNT_CALL(slm_zone_deallocate(zone, objects[0]));
    slm_zone_deallocate(zone, objects[count - 1]);
    slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL);
  }
  dump_calls("emptying", size, WORST_CALLS);
  CALLGRIND_TOGGLE_COLLECT;
  slm_zone_destroy(zone, NULL);
}

static void count_reclaim(size_t size) {
  slm_zone *zone = open_worst();
  spread(zone, size, true);
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
  for (size_t i = 0; i < WORST_CALLS; i++) {
    slm_reclaimed out = {.struct_size = sizeof out};
    must(slm_zone_reserve(zone, 8, size, 1) == SLM_OK && slm_zone_reserve(zone, 8, size, 0) == SLM_OK, "reclaim");
    spread(zone, size, false);
    COUNT_CALL(slm_zone_reclaim(zone, 1, 0, &out));
    must(out.base_pages == 1, "reclaim");
  }
  dump_calls("reclaim", size, WORST_CALLS);
  CALLGRIND_TOGGLE_COLLECT;
  slm_zone_destroy(zone, NULL);
}

static void count_reserve(size_t size) {
  slm_zone *zone = open_worst();
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
  for (size_t i = 0; i < WORST_CALLS; i++) {
    slm_status status;
    COUNT_CALL(status = slm_zone_reserve(zone, 8, size, 1));
    must(status == SLM_OK && slm_zone_reserve(zone, 8, size, 0) == SLM_OK, "reserve");
    must(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, NULL) == SLM_OK, "reclaim");
  }
  dump_calls("reserve", size, WORST_CALLS);
  CALLGRIND_TOGGLE_COLLECT;
  slm_zone_destroy(zone, NULL);
}

typedef struct remote {
  slm_zone *zone;
  size_t size;
  void *objects[REMOTE_OBJECTS];
} remote;

static void *allocate_remotely(void *argument) {
  remote *r = argument;
  for (size_t i = 0; i < REMOTE_OBJECTS; i++) r->objects[i] = slm_zone_allocate(r->zone, r->size);
  return NULL;
}

// Deallocations of what another CPU allocated.
static void count_remote(size_t size) {
  static remote r;
  pthread_t thread;
  r.zone = open_per_cpu();
  r.size = size;
  void *first = slm_zone_allocate(r.zone, size); // this CPU has pages too
  if (pthread_create(&thread, NULL, allocate_remotely, &r) != 0) die("no thread");
  pthread_join(thread, NULL);
  CALLGRIND_ZERO_STATS;
  for (size_t i = 0; i < REMOTE_OBJECTS; i++) slm_zone_deallocate(r.zone, r.objects[i]);
  dump_calls("remote", size, REMOTE_OBJECTS);
  slm_zone_deallocate(r.zone, first);
  close_zone(r.zone);
}

// Deallocations of large objects, whose run goes back to the provider at once, in a zone for so many CPUs.
static void count_large_free(uint32_t cpus) {
  enum { MEMORY = 16 << 20, SIZE = 100000 };
  slm_region *region = slm_region_init(aligned_alloc(4096, MEMORY), MEMORY, 4096, NULL);
  slm_options options = *SLM_OPTIONS(slm_region_provider(region));
  options.threads = SLM_PER_CPU;
  options.cpu_count = cpus;
  size_t bytes = slm_zone_storage_size(&options);
  void *storage = aligned_alloc(64, (bytes + 63) / 64 * 64);
  slm_zone *zone = slm_zone_init(storage, bytes, &options, NULL);
  CALLGRIND_ZERO_STATS;
  CALLGRIND_TOGGLE_COLLECT;
  for (size_t i = 0; i < WORST_CALLS; i++) {
    void *object = slm_zone_allocate(zone, SIZE);
    slm_status status;
    COUNT_CALL(status = slm_zone_deallocate(zone, object));
    must(status == SLM_OK, "deallocate");
  }
  dump_calls("large-free-cpus", cpus, WORST_CALLS);
  CALLGRIND_TOGGLE_COLLECT;
  slm_zone_destroy(zone, NULL);
  free(storage);
  free(region);
}

static void count_worst(void) {
  count_refill(8);
  count_refill(139264);
  count_nowait(64);
  count_emptying(64);
  count_reclaim(64);
  count_reserve(8);
  count_remote(64);
  count_large_free(2);
  count_large_free(1024);
}
