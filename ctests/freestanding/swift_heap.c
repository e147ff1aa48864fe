// Embedded Swift on a zone, and on a zone per CPU: every object comes from there and goes back there; misuse reaches
// the hook.
#include "machine.h"
#include <slabmalloc.h>
#include <slabmalloc/port.h>

int posix_memalign(void **out, size_t alignment, size_t size);
void free(void *pointer);
int _swift_alignedAllocate(void **out, size_t alignment, size_t size);
void _swift_alignedFree(void *pointer, size_t alignment, size_t size);
intptr_t swift_work(intptr_t count);
void swift_keep(void);
void swift_drop(void);

enum { buffer_size = 8 << 20, cpu_count = 2, work = 300 };
/// 70 bytes of each name, the areas of squares, ten numbers for each.
static const intptr_t work_result = work * 70 + (work - 1) * work * (2 * work - 1) / 6 + work * 10;

static SLM_ALIGNAS(4096) unsigned char buffer[buffer_size];
static slm_zone_storage zone_storage;
static SLM_ALIGNAS(64) unsigned char cpus_storage[SLM_ZONE_STORAGE_SIZE + cpu_count * SLM_ZONE_CPU_STORAGE_SIZE];

static uintptr_t interrupts = 1;
static uint32_t disabled, pages;
static slm_region *region;
static slm_misuse misuse;
static uint32_t misuses;

uintptr_t slm_port_context(void) { return 1; }
uintptr_t slm_port_disable_interrupts(void) {
  uintptr_t before = interrupts;
  interrupts = 0;
  disabled++;
  return before;
}
void slm_port_restore_interrupts(uintptr_t state) { interrupts = state; }
void *slm_port_allocate_page(size_t page_size) {
  CHECK(interrupts == 1); // no lock is held
  slm_page_provider provider = slm_region_provider(region);
  void *page = provider.allocate_page(provider.context, page_size);
  if (page != NULL) pages++;
  return page;
}
void slm_port_release_page(void *page, size_t page_size) {
  CHECK(interrupts == 1);
  slm_page_provider provider = slm_region_provider(region);
  provider.release_page(provider.context, page, page_size);
  pages--;
}
void slm_port_misuse(const slm_misuse *what) {
  CHECK(interrupts == 1);
  misuse = *what;
  misuses++;
}

#if defined(DICTIONARIES)
void arc4random_buf(void *buffer, size_t size);
void arc4random_buf(void *buffer, size_t size) { memset(buffer, 4, size); }
double ceil(double value);
double ceil(double value) {
  double below = (double)(int64_t)value;
  return below < value ? below + 1 : below;
}
#endif

#if !HAS_ATOMICS
// Swift counts references with these. The program has one thread and no interrupts.
uint32_t __atomic_fetch_add_4(volatile void *word, uint32_t value, int order);
uint32_t __atomic_fetch_add_4(volatile void *word, uint32_t value, int order) {
  (void)order;
  uint32_t before = *(volatile uint32_t *)word;
  *(volatile uint32_t *)word = before + value;
  return before;
}
uint32_t __atomic_fetch_sub_4(volatile void *word, uint32_t value, int order);
uint32_t __atomic_fetch_sub_4(volatile void *word, uint32_t value, int order) {
  return __atomic_fetch_add_4(word, -value, order);
}
#endif

/// Misuses of a heap that was started; every one is told once, and nothing else changes.
static void misuse_heap(void) {
  void *object = NULL;
  CHECK(posix_memalign(&object, 64, 100) == 0 && (uintptr_t)object % 64 == 0);
  misuses = 0;
  free((unsigned char *)object + 8);
  CHECK(misuses == 1 && misuse.kind == SLM_ERR_INTERIOR_POINTER && misuse.pointer == (unsigned char *)object + 8);
  free(object);
  CHECK(misuses == 1);
  free(object);
  CHECK(misuses == 2 && misuse.kind == SLM_ERR_DOUBLE_FREE && misuse.pointer == object);
  free(&object);
  CHECK(misuses == 3 && misuse.kind == SLM_ERR_FOREIGN_POINTER);
  free(NULL);
  // As POSIX says: EINVAL for what is no power of two or no multiple of a pointer's size, else ENOMEM.
  static const size_t invalid[] = {0, 1, 2, sizeof(void *) / 2, sizeof(void *) + 1, 24, 48, SIZE_MAX, SIZE_MAX / 2};
  for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
    object = &misuse;
    CHECK(posix_memalign(&object, invalid[i], 100) == 22 && object == NULL && misuses == 3);
  }
  for (size_t alignment = (size_t)1 << 22; alignment != 0; alignment <<= 1)
    CHECK(posix_memalign(&object, alignment, 100) == 12 && object == NULL && misuses == 3);
  CHECK(posix_memalign(&object, sizeof(void *), SIZE_MAX) == 12 && object == NULL && misuses == 3);
  CHECK(posix_memalign(&object, sizeof(void *), SIZE_MAX / 2) == 12 && object == NULL && misuses == 3);
  CHECK(posix_memalign(&object, 2 * sizeof(void *), buffer_size) == 12 && object == NULL && misuses == 3);
  for (size_t alignment = sizeof(void *); alignment <= 4096; alignment <<= 1) {
    CHECK(posix_memalign(&object, alignment, 100) == 0 && (uintptr_t)object % alignment == 0);
    free(object);
  }
  // Swift's own names take any alignment.
  CHECK(_swift_alignedAllocate(&object, 1, 10) == 0);
  _swift_alignedFree(object, 1, 10);
  CHECK(_swift_alignedAllocate(&object, 16, 200) == 0);
  _swift_alignedFree(object, 16, 200);
  CHECK(misuses == 3);
}

static void on_a_zone(void) {
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, SLM_OPTIONS(slm_port_provider()), NULL);
  slm_swift_heap_start(zone);
  CHECK(swift_work(work) == work_result && pages > 0 && disabled > 0 && misuses == 1);
  slm_statistics statistics = {.struct_size = sizeof statistics};
  CHECK(slm_zone_statistics(zone, &statistics) == SLM_OK && statistics.slots_live == 0);
  swift_keep();
  CHECK(slm_zone_statistics(zone, &statistics) == SLM_OK && statistics.slots_live == 2);
  swift_drop();
  misuse_heap();
  CHECK(misuse.slot_size == 0); // the foreign pointer's
  slm_swift_heap_start(NULL);
  size_t live = 1;
  CHECK(slm_zone_destroy(zone, &live) == SLM_OK && live == 0 && pages == 0);
  void *object = NULL;
  misuses = 0;
  CHECK(posix_memalign(&object, 16, 8) != 0 && misuses == 1 && misuse.kind == SLM_ERR_NOT_INITIALIZED);
}

static void on_a_zone_per_cpu(void) {
  slm_options options = *SLM_OPTIONS(slm_port_provider());
  options.threads = SLM_PER_CPU;
  options.cpu_count = cpu_count;
  slm_zone *zone = slm_zone_init(cpus_storage, sizeof cpus_storage, &options, NULL);
  CHECK(zone != NULL);
  slm_swift_heap_start(zone);
  CHECK(swift_work(work) == work_result && pages > 0);
  swift_keep();
  slm_statistics statistics = {.struct_size = sizeof statistics};
  CHECK(slm_zone_statistics(zone, &statistics) == SLM_OK && statistics.slots_live == 2);
  swift_drop();
  misuse_heap();
  slm_swift_heap_start(NULL);
  size_t live = 1;
  CHECK(slm_zone_destroy(zone, &live) == SLM_OK && live == 0 && pages == 0);
}

/// A hardened zone's allocations tell of what somebody wrote: who called sees no memory, the hook sees why.
static void on_a_hardened_zone(slm_zone *zone) {
  void *object = NULL, *others[200];
  slm_swift_heap_start(zone);
  CHECK(swift_work(work) == work_result);
  misuses = 0;
  CHECK(posix_memalign(&object, 16, 48) == 0);
  free(object);
  *(volatile unsigned char *)object = 1;
  // Until the slot leaves the quarantine and it is its turn.
  for (int round = 0; round < 1000 && misuses == 0; round++) {
    for (int i = 0; i < 200; i++)
      if (posix_memalign(&others[i], 16, 48) != 0) CHECK(others[i] == NULL && misuses == 1);
    for (int i = 0; i < 200; i++) free(others[i]);
  }
  CHECK(misuses == 1 && misuse.kind == SLM_ERR_WRITE_AFTER_FREE && misuse.pointer == NULL);
  CHECK(posix_memalign(&object, 16, 40) == 0);
  uintptr_t *canary = (uintptr_t *)object + 48 / sizeof(uintptr_t) - 1;
  *canary ^= 1;
  free(object);
  CHECK(misuses == 2 && misuse.kind == SLM_ERR_OVERFLOW && misuse.pointer == object);
  *canary ^= 1;
  free(object);
  CHECK(misuses == 2);
  slm_swift_heap_start(NULL);
}

static void on_hardened_zones(void) {
  slm_options options = *SLM_OPTIONS(slm_port_provider());
  options.flags = SLM_HARDENED;
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  on_a_hardened_zone(zone);
  slm_statistics statistics = {.struct_size = sizeof statistics};
  CHECK(slm_zone_statistics(zone, &statistics) == SLM_OK && statistics.slots_retired == 1 &&
        statistics.slots_live == 0);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK && pages == 0);
  if (!HAS_ATOMICS) return;
  options.threads = SLM_PER_CPU;
  options.cpu_count = cpu_count;
  zone = slm_zone_init(cpus_storage, sizeof cpus_storage, &options, NULL);
  on_a_hardened_zone(zone);
  CHECK(slm_zone_statistics(zone, &statistics) == SLM_OK && statistics.slots_retired == 1);
  CHECK(slm_zone_destroy(zone, NULL) == SLM_OK && pages == 0);
}

int run(void) {
  region = slm_region_init(buffer, sizeof buffer, 4096, NULL);
  CHECK(region != NULL);
  // Not started yet.
  void *object = &object;
  CHECK(posix_memalign(&object, 16, 64) != 0 && object == NULL);
  CHECK(misuses == 1 && misuse.kind == SLM_ERR_NOT_INITIALIZED);
  free(&object);
  CHECK(misuses == 2 && misuse.kind == SLM_ERR_NOT_INITIALIZED && misuse.pointer == &object);
  misuses = 1;
  on_a_zone();
  if (HAS_ATOMICS) on_a_zone_per_cpu();
  on_hardened_zones();
  print(HAS_ATOMICS ? "Swift objects on a zone and on a zone per CPU\n" : "Swift objects on a zone\n");
  return 0;
}
