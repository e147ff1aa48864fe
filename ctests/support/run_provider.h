/* A page provider that gives runs, keeps a ledger, and does not trust the allocator.
 *
 * All pages come from one arena that is mapped without being reserved. A mark for each page says whether it is out: a
 * run may come back as a whole or in parts, and never twice. Pages come from the lowest place that is free, so that
 * runs that grow and shrink meet their neighbours. Faults are injected by the fields below.
 */
#ifndef RUN_PROVIDER_H
#define RUN_PROVIDER_H

#include "family.h"

#define RUN_ARENA_SIZE ((size_t)1 << 30)
#define RUN_ARENA_ALIGNMENT ((size_t)64 << 20)

typedef struct run_provider {
  size_t page_size;
  unsigned char *arena;
  void *mapping;
  unsigned char *out; /* for each page: 1 if it is out */
  size_t lowest;      /* no page below it is free */
  size_t pages_out;
  size_t calls;    /* of allocate_page and allocate_run */
  size_t released; /* pages that came back */
  size_t longest;  /* runs are no longer than this; 0: as long as they want */
  int errors;
  pthread_mutex_t lock;
  bool dry;        /* there is no page */
  void *next;      /* what the next call returns, whatever it is */
  void *odd;       /* that, until it came back */
  size_t odd_size; /* its bytes */
} run_provider;

static inline void run_provider_open(run_provider *p, size_t page_size) {
  memset(p, 0, sizeof *p);
  p->page_size = page_size;
  p->mapping = mmap(NULL, RUN_ARENA_SIZE + RUN_ARENA_ALIGNMENT, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(p->mapping != MAP_FAILED);
  p->arena = (unsigned char *)(((uintptr_t)p->mapping + RUN_ARENA_ALIGNMENT - 1) & ~(RUN_ARENA_ALIGNMENT - 1));
  p->out = calloc(RUN_ARENA_SIZE / page_size, 1);
  assert_non_null(p->out);
  pthread_mutex_init(&p->lock, NULL);
}

static inline void *run_provider_take(run_provider *p, size_t size, size_t alignment) {
  size_t pages = size / p->page_size, step = alignment / p->page_size, all = RUN_ARENA_SIZE / p->page_size;
  if (p->dry || alignment > RUN_ARENA_ALIGNMENT || (p->longest > 0 && size > p->longest)) return NULL;
  if (step == 0) step = 1;
  for (size_t start = (p->lowest + step - 1) / step * step; pages <= all && start <= all - pages; start += step) {
    size_t free = 0;
    while (free < pages && !p->out[start + free]) free++;
    if (free < pages) continue;
    memset(p->out + start, 1, pages);
    p->pages_out += pages;
    while (p->lowest < all && p->out[p->lowest]) p->lowest++;
    return p->arena + start * p->page_size;
  }
  return NULL;
}

static inline void *run_provider_allocate_run(void *context, size_t size, size_t alignment) {
  run_provider *p = context;
  void *result = NULL;
  pthread_mutex_lock(&p->lock);
  p->calls++;
  if (size == 0 || size % p->page_size != 0 || alignment < p->page_size || (alignment & (alignment - 1)) != 0) {
    p->errors++;
    print_error("run provider: asked for %zu bytes, alignment %zu\n", size, alignment);
  } else if (p->next != NULL) {
    result = p->odd = p->next;
    p->odd_size = size;
    p->next = NULL;
  } else {
    result = run_provider_take(p, size, alignment);
  }
  pthread_mutex_unlock(&p->lock);
  return result;
}

static inline void *run_provider_allocate_page(void *context, size_t size) {
  run_provider *p = context;
  if (size != p->page_size) {
    p->errors++;
    print_error("run provider: asked for a page of %zu bytes\n", size);
    return NULL;
  }
  return run_provider_allocate_run(context, size, size);
}

static inline void run_provider_release_run(void *context, void *run, size_t size) {
  run_provider *p = context;
  size_t offset = (size_t)((unsigned char *)run - p->arena), pages = size / p->page_size;
  pthread_mutex_lock(&p->lock);
  if (run == p->odd && size == p->odd_size) {
    p->odd = NULL;
  } else if (offset > RUN_ARENA_SIZE || size > RUN_ARENA_SIZE - offset || offset % p->page_size != 0 ||
             size % p->page_size != 0 || size == 0 || !bytes_are(p->out + offset / p->page_size, pages, 1)) {
    p->errors++;
    print_error("run provider: %zu bytes at %p are not out\n", size, run);
  } else {
    memset(p->out + offset / p->page_size, 0, pages);
    p->pages_out -= pages;
    p->released += pages;
    if (offset / p->page_size < p->lowest) p->lowest = offset / p->page_size;
    /* What the next owner finds there, and what nobody may read any more. */
    if (size <= 1 << 20) memset(run, PAGE_IDLE, size);
  }
  pthread_mutex_unlock(&p->lock);
}

static inline slm_page_provider run_provider_both(run_provider *p) {
  return (slm_page_provider){.struct_size = sizeof(slm_page_provider),
                             .page_size = (uint32_t)p->page_size,
                             .context = p,
                             .allocate_page = run_provider_allocate_page,
                             .release_page = run_provider_release_run,
                             .allocate_run = run_provider_allocate_run,
                             .release_run = run_provider_release_run};
}

/** The provider for push use: only takes pages and runs back. */
static inline slm_page_provider run_provider_release_only(run_provider *p) {
  slm_page_provider provider = run_provider_both(p);
  provider.allocate_page = NULL;
  provider.allocate_run = NULL;
  provider.release_run = NULL;
  return provider;
}

static inline void run_provider_close(run_provider *p) {
  assert_int_equal(p->errors, 0);
  assert_null(p->odd);
  assert_int_equal(p->pages_out, 0);
  munmap(p->mapping, RUN_ARENA_SIZE + RUN_ARENA_ALIGNMENT);
  free(p->out);
  pthread_mutex_destroy(&p->lock);
}

/** A zone and the provider of runs that its pages come from and go to. */
typedef struct run_fixture {
  run_provider provider;
  storage_type storage;
  slm_zone *zone;
} run_fixture;

static inline void open_runs(run_fixture *f, size_t page_size, bool pull) {
  run_provider_open(&f->provider, page_size);
  slm_options options = SUITE_OPTIONS(pull ? run_provider_both(&f->provider) : run_provider_release_only(&f->provider));
  options.page_size = (uint32_t)page_size;
  f->zone = slm_zone_init(&f->storage, sizeof f->storage, &options, NULL);
  assert_ptr_equal(f->zone, &f->storage);
}

static inline slm_statistics statistics_of(slm_zone *zone) {
  slm_statistics out = {.struct_size = sizeof out};
  assert_ok(slm_zone_statistics(zone, &out));
  return out;
}

/** The zone's ledger is the provider's. A run counts as its base pages; one of 2 MiB that was pushed to a zone without
 * runs is a large page. */
static inline void check_runs(run_fixture *f) {
  slm_statistics now = statistics_of(f->zone);
  uint64_t large = now.large_pages_taken - now.large_pages_given_back;
  assert_int_equal(now.base_pages_taken - now.base_pages_given_back +
                       large * (SLM_LARGE_PAGE_SIZE / f->provider.page_size),
                   f->provider.pages_out);
  assert_true(now.bytes_large <= now.bytes_live && now.objects_large <= now.slots_live);
}

static inline void close_runs(run_fixture *f, size_t want) {
  size_t live = SIZE_MAX;
  check_runs(f);
  assert_ok(slm_zone_destroy(f->zone, &live));
  assert_int_equal(live, want);
  run_provider_close(&f->provider);
}

/** The bytes of the run of an object where the provider gives runs. */
static inline size_t run_bytes(size_t size, size_t page_size) {
  return (size + CANARY + page_size - 1) / page_size * page_size;
}

/** Whether an object of this size takes a run where the provider gives runs. */
static inline bool takes_run(size_t size) { return size + CANARY > 65536; }

/** Takes a run of the provider for a push. */
static inline void *take_run(run_fixture *f, size_t size, size_t alignment) {
  void *run =
      run_provider_take(&f->provider, size, alignment < f->provider.page_size ? f->provider.page_size : alignment);
  assert_non_null(run);
  return run;
}

#endif
