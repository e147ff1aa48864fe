// The core on every target: a model of live objects under random work, each misuse, the hooks. `usage: core`; exit
// status 0 if all holds. What the small profile lacks is left out with SLM_SMALL.
#include "machine.h"
#include <slabmalloc.h>
#include <slabmalloc/port.h>

enum { buffer_size = 12 << 20, object_count = 600, step_count = 20000, seed = 20260611 };

static SLM_ALIGNAS(4096) unsigned char buffer[buffer_size];
static slm_zone_storage zone_storage;
static slm_cache_storage cache_storage;

// --- The hooks -------------------------------------------------------------------------------------

static struct {
  uintptr_t interrupts; // 1 enabled
  uint32_t disabled, restored, pages, contexts;
  slm_region *region;
} machine = {.interrupts = 1};

uintptr_t slm_port_context(void) {
  machine.contexts++;
  return 0;
}
uintptr_t slm_port_disable_interrupts(void) {
  uintptr_t before = machine.interrupts;
  machine.interrupts = 0;
  machine.disabled++;
  return before;
}
void slm_port_restore_interrupts(uintptr_t state) {
  CHECK(machine.interrupts == 0);
  machine.interrupts = state;
  machine.restored++;
}
void *slm_port_allocate_page(size_t page_size) {
  CHECK(machine.interrupts == 1); // no lock is held
  slm_page_provider provider = slm_region_provider(machine.region);
  void *page = provider.allocate_page(provider.context, page_size);
  if (page != NULL) machine.pages++;
  return page;
}
void slm_port_release_page(void *page, size_t page_size) {
  CHECK(machine.interrupts == 1);
  slm_page_provider provider = slm_region_provider(machine.region);
  provider.release_page(provider.context, page, page_size);
  machine.pages--;
}

static slm_region *fresh_region(size_t page_size) {
  machine.region = slm_region_init(buffer, sizeof buffer, page_size, NULL);
  CHECK(machine.region != NULL);
  return machine.region;
}

// --- Random work -----------------------------------------------------------------------------------

static uint32_t random_state = seed;
static uint32_t random_below(uint32_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state % limit;
}

static struct {
  unsigned char *memory;
  size_t size;
  unsigned char fill;
} objects[object_count];

static void fill(size_t i, unsigned char with) {
  objects[i].fill = with;
  for (size_t at = 0; at < objects[i].size; at++) objects[i].memory[at] = with;
}
static bool is_filled(size_t i) {
  for (size_t at = 0; at < objects[i].size; at++)
    if (objects[i].memory[at] != objects[i].fill) return false;
  return true;
}

static size_t random_size(void) {
  switch (random_below(64)) {
  case 0:
    return 1 + random_below(SLM_MAX_SIZE - 8); // a hardened zone's canary
  case 1 ... 8:
    return 1 + random_below(SLM_MAX_SIZE / 17);
  default:
    return 1 + random_below(512);
  }
}

static void random_work(size_t page_size, uint64_t flags) {
  slm_options options = *SLM_OPTIONS(slm_region_provider(fresh_region(page_size)));
  options.flags = flags;
  size_t available = slm_region_available(machine.region, page_size);
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  CHECK(zone != NULL);
  size_t live = 0, refused = 0;
  for (unsigned step = 0; step < step_count; step++) {
    size_t i = random_below(object_count);
    if (objects[i].memory == NULL) {
      size_t alignment = (size_t)1 << random_below(step % 64 == 0 ? 12 : 7);
      objects[i].size = random_size();
      void *memory = NULL;
      slm_status status = slm_zone_allocate_with(zone, alignment, objects[i].size, step % 2 ? SLM_ZEROED : 0, &memory);
      CHECK(status == SLM_OK || status == SLM_ERR_OUT_OF_MEMORY);
      if (status != SLM_OK) {
        refused++;
        continue;
      }
      CHECK(memory != NULL && (uintptr_t)memory % alignment == 0);
      CHECK(slm_zone_usable_size(zone, memory) >= objects[i].size);
      objects[i].memory = memory;
      objects[i].fill = 0;
      if (step % 2) CHECK(is_filled(i));
      fill(i, (unsigned char)step);
      live++;
    } else if (step % 16 == 0) {
      CHECK(is_filled(i));
      size_t size = random_size();
      void *memory = slm_zone_reallocate(zone, objects[i].memory, size);
      if (memory == NULL) continue;
      objects[i].memory = memory;
      if (objects[i].size > size) objects[i].size = size;
      CHECK(is_filled(i));
      objects[i].size = size;
      fill(i, (unsigned char)step);
    } else {
      CHECK(is_filled(i));
      CHECK(slm_zone_owns(zone, objects[i].memory));
      CHECK(slm_zone_deallocate(zone, objects[i].memory) == SLM_OK);
      CHECK(slm_zone_deallocate(zone, objects[i].memory) == SLM_ERR_DOUBLE_FREE);
      objects[i].memory = NULL;
      live--;
    }
  }
  size_t found = 0;
  CHECK(slm_zone_destroy(zone, &found) == SLM_OK);
  CHECK(found == live);
  CHECK(refused < step_count / 8);
  CHECK(slm_region_available(machine.region, page_size) == available);
#if !defined(SLM_SMALL)
  slm_provider_statistics ledger = {.struct_size = sizeof ledger};
  CHECK(slm_region_statistics(machine.region, &ledger) == SLM_OK);
  CHECK(ledger.base_pages_taken == ledger.base_pages_given_back && ledger.base_pages_taken != 0);
  CHECK(ledger.large_pages_taken == ledger.large_pages_given_back);
#endif
  memset(objects, 0, sizeof objects);
}

// --- One thing each --------------------------------------------------------------------------------

/// Every slot of a page of each class is found from its address, and nothing else is.
static void every_slot(void) {
  slm_options options = *SLM_OPTIONS(slm_region_provider(fresh_region(4096)));
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  for (size_t size = 8; size <= SLM_MAX_SIZE; size = slm_zone_good_size(zone, size) + 1) {
    size = slm_zone_good_size(zone, size);
    size_t count = slm_zone_page_size(zone, 1, size) / size;
    if (count > object_count) count = object_count;
    for (size_t i = 0; i < count; i++) {
      objects[i].memory = slm_zone_allocate(zone, size);
      CHECK(objects[i].memory != NULL);
      CHECK(slm_zone_deallocate(zone, objects[i].memory + 1) == SLM_ERR_INTERIOR_POINTER);
      CHECK(slm_zone_deallocate(zone, objects[i].memory + size - 1) == SLM_ERR_INTERIOR_POINTER);
      CHECK(slm_zone_deallocate_sized(zone, objects[i].memory, size == 8 ? 9 : size / 2) == SLM_ERR_LAYOUT_MISMATCH);
    }
    for (size_t i = 0; i < count; i++) CHECK(slm_zone_deallocate_sized(zone, objects[i].memory, size) == SLM_OK);
    for (size_t i = 0; i < count; i++) CHECK(slm_zone_deallocate(zone, objects[i].memory) == SLM_ERR_DOUBLE_FREE);
    if (size == SLM_MAX_SIZE) break;
  }
  int local = 0;
  CHECK(slm_zone_deallocate(zone, &local) == SLM_ERR_FOREIGN_POINTER);
  CHECK(slm_zone_deallocate(zone, NULL) == SLM_OK);
#if defined(SLM_SMALL)
  CHECK(slm_zone_allocate(zone, SLM_MAX_SIZE + 1) == NULL);
#else
  void *large = slm_zone_allocate(zone, SLM_MAX_SIZE + 1); // a run of its own
  CHECK(large != NULL && slm_zone_deallocate(zone, (char *)large + 16) == SLM_ERR_INTERIOR_POINTER);
  CHECK(slm_zone_deallocate(zone, large) == SLM_OK && slm_zone_deallocate(zone, large) == SLM_ERR_DOUBLE_FREE);
#endif
  slm_reclaimed reclaimed = {.struct_size = sizeof reclaimed};
  CHECK(slm_zone_reclaim(zone, SIZE_MAX, SIZE_MAX, &reclaimed) == SLM_OK && reclaimed.base_pages > 0);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK);
  CHECK(slm_zone_allocate(zone, 8) == NULL);
  CHECK(slm_zone_deallocate(zone, &local) == SLM_ERR_NOT_INITIALIZED);
  memset(objects, 0, sizeof objects);
}

static void cache_of_one_size(void) {
  slm_options options = *SLM_OPTIONS(slm_region_provider(fresh_region(4096)));
  slm_cache *cache = slm_cache_init(&cache_storage, sizeof cache_storage, 8, 40, &options, NULL);
  CHECK(cache != NULL && slm_cache_slot_size(cache) == 40);
  for (size_t i = 0; i < object_count; i++) {
    objects[i].memory = slm_cache_allocate(cache);
    objects[i].size = 40;
    CHECK(objects[i].memory != NULL);
    fill(i, (unsigned char)i);
  }
  for (size_t i = 0; i < object_count; i++) {
    CHECK(is_filled(i));
    CHECK(slm_cache_deallocate(cache, objects[i].memory + 8) == SLM_ERR_INTERIOR_POINTER);
    CHECK(slm_cache_deallocate(cache, objects[i].memory) == SLM_OK);
    CHECK(slm_cache_deallocate(cache, objects[i].memory) == SLM_ERR_DOUBLE_FREE);
  }
  size_t live = 1;
  CHECK(slm_cache_destroy(cache, &live) == SLM_OK && live == 0);
  memset(objects, 0, sizeof objects);
}

/// Pages come through the hooks; and a zone that is pushed needs none.
static void hooks(void) {
  fresh_region(4096);
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, SLM_OPTIONS(slm_port_provider()), NULL);
  void *object = slm_zone_allocate(zone, 100);
  CHECK(object != NULL && machine.pages == 1);
  CHECK(slm_zone_deallocate(zone, object) == SLM_OK);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK && machine.pages == 0);

  zone = slm_zone_init(&zone_storage, sizeof zone_storage, NULL, NULL);
  CHECK(slm_zone_allocate(zone, 100) == NULL);
  void *page = slm_port_allocate_page(4096);
  CHECK(slm_zone_refill(zone, 1, 100, page, 4096) == SLM_OK);
  CHECK(slm_zone_refill(zone, 1, 100, page, 4096) == SLM_ERR_PAGE_OWNED);
  object = slm_zone_allocate(zone, 100);
  CHECK(object != NULL && slm_zone_deallocate(zone, object) == SLM_OK);
  CHECK(slm_zone_reclaim_page(zone, 4096) == page);
  slm_port_release_page(page, 4096);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK && machine.pages == 0);
}

/// Allocates objects of a size until there is no memory, and deallocates them; returns how many there were.
static size_t use_up(slm_zone *zone, size_t size) {
  static void *some[4096];
  size_t count = 0;
  while (count < sizeof some / sizeof *some && (some[count] = slm_zone_allocate(zone, size)) != NULL) count++;
  for (size_t i = 0; i < count; i++) CHECK(slm_zone_deallocate(zone, some[i]) == SLM_OK);
  return count;
}

/// All empty slabs serve another class. They lie on the stack, in the high addresses that most machines have there.
static void empty_slabs_serve_other_classes(void) {
  unsigned char memory[60 * 4096];
  slm_region *few = slm_region_init(memory, sizeof memory, 4096, NULL);
  CHECK(few != NULL);
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, SLM_OPTIONS(slm_region_provider(few)), NULL);
  size_t first = use_up(zone, 512), second = use_up(zone, 256), third = use_up(zone, 512);
  CHECK(first > 300 && second >= first * 2 && third >= first - first / 8);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK);
}

static void storage(void) {
  CHECK(slm_zone_storage_size(NULL) <= SLM_ZONE_STORAGE_SIZE && slm_cache_storage_size(NULL) <= SLM_CACHE_STORAGE_SIZE);
  // A macro that is far too large for what needs the most is wrong too.
  slm_options most = SLM_DEFAULT_OPTIONS;
#if !defined(SLM_SMALL)
  most.threads = HAS_ATOMICS ? SLM_ANY_THREAD : SLM_ONE_THREAD;
  most.flags = SLM_HARDENED;
#endif
  CHECK(slm_zone_storage_size(&most) <= SLM_ZONE_STORAGE_SIZE &&
        slm_cache_storage_size(&most) <= SLM_CACHE_STORAGE_SIZE);
  CHECK(slm_zone_storage_size(&most) > SLM_ZONE_STORAGE_SIZE - SLM_ZONE_STORAGE_SIZE / 4);
  CHECK(slm_cache_storage_size(&most) > SLM_CACHE_STORAGE_SIZE / 2);
#if defined(SLM_SMALL)
  CHECK(slm_zone_storage_size(NULL) <= 2048);
#endif
  slm_status why = SLM_OK;
  CHECK(slm_zone_init(&zone_storage, slm_zone_storage_size(NULL) / 2, NULL, &why) == NULL);
  CHECK(why == SLM_ERR_INVALID_ARGUMENT);
#if defined(SLM_SMALL)
  // It has zones for one thread alone, and no profiles.
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.threads = SLM_ANY_THREAD;
  CHECK(slm_zone_storage_size(&options) == 0);
  why = SLM_OK;
  CHECK(slm_zone_init(&zone_storage, sizeof zone_storage, &options, &why) == NULL && why == SLM_ERR_INVALID_ARGUMENT);
#endif
}

#if !defined(SLM_SMALL) && !HAS_ATOMICS
/// A machine without atomic instructions has no zone for threads, whatever hooks there are.
static void locks(void) {
  slm_options options = *SLM_OPTIONS(slm_port_provider());
  slm_status why = SLM_OK;
  options.threads = SLM_ANY_THREAD;
  CHECK(slm_zone_init(&zone_storage, sizeof zone_storage, &options, &why) == NULL && why == SLM_ERR_INVALID_ARGUMENT);
  options.threads = SLM_PER_CPU;
  options.cpu_count = 1;
  CHECK(slm_zone_init(&zone_storage, sizeof zone_storage, &options, &why) == NULL && why == SLM_ERR_INVALID_ARGUMENT);
  CHECK(machine.contexts == 0);
  // A region's lock is that interrupts are disabled.
  slm_page_provider provider = slm_region_provider(fresh_region(4096));
  machine.disabled = machine.restored = 0;
  CHECK(provider.allocate_page(provider.context, 4096) != NULL);
  CHECK(machine.disabled == 1 && machine.restored == 1 && machine.interrupts == 1);
}
#elif !defined(SLM_SMALL)
/// Every lock is taken with interrupts disabled and given back with the state that was, and none is held while a page
/// comes.
static void locks(void) {
  fresh_region(4096);
  slm_options options = *SLM_OPTIONS(slm_port_provider());
  options.threads = SLM_ANY_THREAD;
  CHECK(slm_zone_storage_size(&options) <= sizeof zone_storage);
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  uint32_t contexts = machine.contexts;
  for (size_t i = 0; i < object_count; i++) {
    machine.disabled = machine.restored = 0;
    objects[i].memory = slm_zone_allocate(zone, 512);
    CHECK(objects[i].memory != NULL);
    CHECK(machine.disabled >= 1 && machine.disabled == machine.restored && machine.interrupts == 1);
  }
  CHECK(machine.pages > object_count / 8 && machine.contexts > contexts);
  // A caller that has them disabled gets them back so.
  machine.interrupts = 0;
  for (size_t i = 0; i < object_count; i++) {
    CHECK(slm_zone_deallocate(zone, objects[i].memory) == SLM_OK);
    CHECK(machine.interrupts == 0);
  }
  CHECK(slm_zone_deallocate(zone, objects[0].memory) == SLM_ERR_DOUBLE_FREE);
  machine.interrupts = 1;
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK && machine.pages == 0);
  memset(objects, 0, sizeof objects);
}
#endif

#if !defined(SLM_SMALL)
static void statistics(void) {
  slm_options options = *SLM_OPTIONS(slm_region_provider(fresh_region(4096)));
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  CHECK(slm_zone_allocate(zone, 100) != NULL && slm_zone_allocate(zone, 100) != NULL);
  slm_statistics statistics = {.struct_size = sizeof statistics};
  CHECK(slm_zone_statistics(zone, &statistics) == SLM_OK);
  CHECK(statistics.slots_live == 2 && statistics.bytes_live == 2 * slm_zone_good_size(zone, 100));
  CHECK(statistics.base_pages_taken == 1 && statistics.base_pages_given_back == 0);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK);
}

static struct {
  uint32_t constructed, destroyed, visits, asked;
  size_t length;
  char text[4000];
} client;

static slm_status construct(void *context, void *object, size_t size) {
  CHECK(context == &client && size >= 24 && machine.interrupts == 1);
  *(uint32_t *)object = ++client.constructed;
  return SLM_OK;
}
static void destroy(void *context, void *object, size_t size) {
  CHECK(context == &client && size >= 24 && *(uint32_t *)object != 0);
  client.destroyed++;
}
static bool visit(void *context, void *object, size_t size, size_t index) {
  CHECK(context == &client && object != NULL && size >= 24 && index == 0 && machine.interrupts == 1);
  client.visits++;
  return true;
}
static bool ask(void *context, size_t bytes) {
  CHECK(context == &client && bytes == 4096 && machine.interrupts == 1);
  client.asked++;
  return false;
}
static void write(void *context, const char *text, size_t length) {
  CHECK(context == &client && client.length + length < sizeof client.text);
  for (size_t i = 0; i < length; i++) client.text[client.length++] = text[i];
}

/// A cache with a constructor on a zone's pages, below a limit, in a registry.
static void caches_in_full(uint32_t threads) {
  static slm_registry registry;
  static slm_registry_entry entries[2];
  slm_options options = *SLM_OPTIONS(slm_region_provider(fresh_region(4096)));
  options.threads = threads;
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  CHECK(slm_zone_set_limits(zone, 4096, 2 * 4096) == SLM_OK);
  slm_shrinker shrinker = {.struct_size = sizeof shrinker, .context = &client, .shrink = ask};
  CHECK(slm_zone_add_shrinker(zone, &shrinker) == SLM_OK);
  options.provider = slm_zone_provider(zone);
  options.name = "nodes";
  slm_cache *cache = slm_cache_init(&cache_storage, sizeof cache_storage, 8, 24, &options, NULL);
  memset(&client, 0, sizeof client);
  slm_constructor constructor = {sizeof constructor, 0, &client, construct, destroy};
  CHECK(slm_cache_set_constructor(cache, &constructor) == SLM_OK);
  CHECK(slm_registry_add_zone(&registry, &entries[0], zone) == SLM_OK);
  CHECK(slm_registry_add_cache(&registry, &entries[1], cache) == SLM_OK);
  uint32_t live = 0;
  while (slm_cache_allocate(cache) != NULL) live++;
  CHECK(live != 0 && live == client.constructed && client.asked == 1);
  void *object;
  CHECK(slm_zone_allocate_with(zone, 8, 8, 0, &object) == SLM_ERR_LIMIT && client.asked == 2);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_ERR_IN_USE);
  CHECK(slm_cache_for_each(cache, visit, &client) == SLM_OK && client.visits == live);
  CHECK(slm_registry_print(&registry, write, &client) == SLM_OK);
  static const char end[] = "8192 nodes\n";
  for (size_t i = 1; i < sizeof end; i++) CHECK(client.text[client.length - i] == end[sizeof end - 1 - i]);
  static const char start[] = "{\"slabmalloc\":1,\"kind\":\"cache\",\"name\":\"nodes\"";
  client.length = 0;
  CHECK(slm_cache_print(cache, SLM_JSON, write, &client) == SLM_OK);
  for (size_t i = 0; i + 1 < sizeof start; i++) CHECK(client.text[i] == start[i]);
  CHECK(client.text[client.length - 1] == '\n' && client.text[client.length - 2] == '}');
  CHECK(slm_zone_print(zone, 2, write, &client) == SLM_ERR_INVALID_ARGUMENT);
  CHECK(slm_registry_remove(&registry, &entries[0]) == SLM_OK);
  CHECK(slm_registry_remove(&registry, &entries[1]) == SLM_OK);
  size_t left = 0;
  CHECK(slm_cache_destroy_with(cache, visit, &client, &left) == SLM_OK && left == live && client.visits == 2 * live);
  CHECK(client.destroyed == client.constructed);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK && slm_region_available(machine.region, 4096) > 100);
}

/// A hardened zone finds a write over the end of a page, and uses the page no more while it is there.
static void hardened_end_of_page(void) {
  fresh_region(4096);
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.flags = SLM_HARDENED;
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  static const size_t sizes[] = {1, 60, 500};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    unsigned char *page = slm_port_allocate_page(4096);
    CHECK(slm_zone_refill(zone, 1, sizes[i], page, 4096) == SLM_OK);
    void *object = slm_zone_allocate(zone, sizes[i]);
    CHECK(object != NULL);
    page[4095] ^= 1;
    CHECK(slm_zone_deallocate(zone, object) == SLM_ERR_OVERFLOW);
    CHECK(slm_zone_allocate(zone, sizes[i]) == NULL); // the page has another slot
    page[4095] ^= 1;
    CHECK(slm_zone_deallocate(zone, object) == SLM_OK);
    CHECK(slm_zone_reclaim_page(zone, 4096) == page);
    slm_port_release_page(page, 4096);
  }
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK);
}

/// What a hardened zone finds: a write behind an object, and one to a freed object.
static void hardened(void) {
  slm_options options = *SLM_OPTIONS(slm_region_provider(fresh_region(4096)));
  options.flags = SLM_HARDENED;
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  static const size_t sizes[] = {1, 60, 500, 2000, 20000, 50000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    volatile unsigned char *object = slm_zone_allocate(zone, sizes[i]);
    void *pointer = (void *)(uintptr_t)object;
    CHECK(object != NULL);
    size_t usable = slm_zone_usable_size(zone, pointer);
    CHECK(usable >= sizes[i] && (usable + sizeof(uintptr_t)) % 8 == 0);
    for (size_t at = 0; at < usable; at++) {
      CHECK(object[at] == 0);
      object[at] = 0xFF;
    }
    for (size_t at = usable; at < usable + sizeof(uintptr_t); at++) {
      object[at] ^= 0x40;
      CHECK(slm_zone_deallocate(zone, pointer) == SLM_ERR_OVERFLOW);
      object[at] ^= 0x40;
    }
    CHECK(slm_zone_deallocate(zone, pointer) == SLM_OK);
    CHECK(slm_zone_deallocate(zone, pointer) == SLM_ERR_DOUBLE_FREE);
    object[usable / 2] = 1;
    slm_status status = SLM_OK;
    for (unsigned round = 0; round < 100000 && status == SLM_OK; round++) {
      void *next = NULL;
      status = slm_zone_allocate_with(zone, 1, sizes[i], 0, &next);
      CHECK(next != pointer && (next == NULL || slm_zone_deallocate(zone, next) == SLM_OK));
    }
    CHECK(status == SLM_ERR_WRITE_AFTER_FREE);
  }
  slm_statistics statistics = {.struct_size = sizeof statistics};
  CHECK(slm_zone_statistics(zone, &statistics) == SLM_OK && statistics.slots_live == 0);
  CHECK(statistics.slots_retired == sizeof sizes / sizeof *sizes);
  // A large object has a run of its own, which goes back when it ends.
  volatile unsigned char *large = slm_zone_allocate(zone, SLM_MAX_SIZE);
  void *start = (void *)(uintptr_t)large;
  size_t usable = slm_zone_usable_size(zone, start);
  CHECK(large != NULL && usable >= SLM_MAX_SIZE);
  large[usable] ^= 0x40;
  CHECK(slm_zone_deallocate(zone, start) == SLM_ERR_OVERFLOW);
  large[usable] ^= 0x40;
  CHECK(slm_zone_deallocate(zone, start) == SLM_OK && slm_zone_deallocate(zone, start) == SLM_ERR_DOUBLE_FREE);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK);
}
#else
static void locks(void) {}
static void statistics(void) {}
#endif

/// A range up to the last byte of the address space, on 32 bits nearly all of it. Only its state is memory here.
static void edges(void) {
#if UINTPTR_MAX == 0xFFFFFFFF
  static SLM_ALIGNAS(4096) unsigned char first[16384];
  slm_region *region = slm_region_init(first, sizeof first, 4096, NULL);
  CHECK(region != NULL);
  size_t before = slm_region_available(region, 4096), size = 0 - (uintptr_t)buffer;
  CHECK(size > UINT32_C(3) << 30);
  CHECK(slm_region_add(region, buffer, size + 1) == SLM_ERR_BAD_PAGE);
  CHECK(slm_region_add(region, buffer, SIZE_MAX) == SLM_ERR_BAD_PAGE);
  CHECK(slm_region_add(region, (void *)(UINTPTR_MAX - 4095), 4096) == SLM_ERR_INVALID_ARGUMENT);
  CHECK(slm_region_add(region, buffer, size) == SLM_OK);
  CHECK(slm_region_add(region, (void *)(UINTPTR_MAX - 65535), 65536) == SLM_ERR_PAGE_OWNED);
  // All but the state, and the last page.
  size_t pages = slm_region_available(region, 4096) - before;
  CHECK(pages < size / 4096 && pages > size / 4096 - 400);
  slm_page_provider provider = slm_region_provider(region);
  provider.release_page(provider.context, (void *)(UINTPTR_MAX - 4095), 4096);
  provider.release_page(provider.context, (void *)(UINTPTR_MAX - 8191), 4096);
  CHECK(slm_region_available(region, 4096) == before + pages);
#if !defined(SLM_SMALL)
  // Two runs above 1 GiB, and everything at once: it ends before the last page.
  uintptr_t one = (uintptr_t)provider.allocate_run(provider.context, UINT32_C(5) << 28, SLM_LARGE_PAGE_SIZE);
  uintptr_t two = (uintptr_t)provider.allocate_run(provider.context, UINT32_C(5) << 28, UINT32_C(1) << 28);
  CHECK(one != 0 && one % SLM_LARGE_PAGE_SIZE == 0 && two != 0 && two % (UINT32_C(1) << 28) == 0);
  CHECK(provider.allocate_run(provider.context, UINT32_C(5) << 28, UINT32_C(1) << 31) == NULL);
  provider.release_run(provider.context, (void *)one, UINT32_C(5) << 28);
  provider.release_run(provider.context, (void *)two, UINT32_C(5) << 28);
  uintptr_t all = (uintptr_t)provider.allocate_run(provider.context, pages * 4096, 4096);
  CHECK(all != 0 && all + pages * 4096 == UINTPTR_MAX - 4095);
  CHECK(slm_region_available(region, 4096) == before && slm_region_available(region, SLM_LARGE_PAGE_SIZE) == 0);
  provider.release_run(provider.context, (void *)(UINTPTR_MAX - 8191), 8192);
  CHECK(slm_region_available(region, 4096) == before);
  provider.release_run(provider.context, (void *)all, pages * 4096);
  CHECK(provider.allocate_run(provider.context, 8192, UINT32_C(1) << 31) == (void *)(UINT32_C(1) << 31));
#endif
#endif
}

int run(void) {
  edges();
  storage();
  every_slot();
  cache_of_one_size();
  hooks();
  empty_slabs_serve_other_classes();
  locks();
  statistics();
#if !defined(SLM_SMALL)
  caches_in_full(SLM_ONE_THREAD);
  if (HAS_ATOMICS) caches_in_full(SLM_ANY_THREAD);
#endif
  random_work(4096, 0);
  random_work(16384, 0);
  random_work(65536, 0);
#if !defined(SLM_SMALL)
  hardened();
  hardened_end_of_page();
  random_work(4096, SLM_HARDENED);
  random_work(65536, SLM_HARDENED);
#endif
  CHECK(machine.interrupts == 1 && machine.disabled == machine.restored);
  print("seed ");
  print_number(seed);
  print(", state of a zone ");
  print_number((uint32_t)slm_zone_storage_size(NULL));
  print(" bytes\n");
  return 0;
}
