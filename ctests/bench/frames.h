// Zones whose page frames lie side by side, at a distance, at random, or between those of other CPUs: for frames.c,
// which prints a table, and for the rows "frames" of instructions.c. Random objects of 1500 bytes are replaced.
//
// The frames are address space: of each only what the zone writes to becomes memory.
#ifndef FRAMES_H
#define FRAMES_H

#include "slabmalloc.h"
#include "workloads.h"
#include <pthread.h>
#include <sys/mman.h>

#define FRAMES_OBJECT ((size_t)1500)
#define FRAMES_CPUS 64
// Random frames are drawn from so many times their number, without repetition.
#define FRAMES_SPREAD 16

enum frames_place { FRAMES_CONTIGUOUS, FRAMES_APART, FRAMES_RANDOM, FRAMES_OF_CPUS, FRAMES_BETWEEN_CPUS };

// What a row is about.
typedef struct frames_row {
  const char *name;
  enum frames_place place;
  size_t distance; // in pages
} frames_row;

static const frames_row frames_rows[] = {
    {"contiguous", FRAMES_CONTIGUOUS, 1},
    {"every-4", FRAMES_APART, 4},
    {"every-16", FRAMES_APART, 16},
    {"every-512", FRAMES_APART, 512},
    {"random", FRAMES_RANDOM, 1},
    {"cpus-contiguous", FRAMES_OF_CPUS, 1},
    {"cpus-interleaved", FRAMES_BETWEEN_CPUS, 1},
};
#define FRAMES_ROWS (sizeof frames_rows / sizeof frames_rows[0])

// A machine's memory, a zone on it, and its objects.
typedef struct frames {
  frames_row row;
  size_t page_size, pages, slots; // of a page
  bool has_large, is_pushed;
  char *memory, *large;
  size_t memory_size, next_large;
  uint32_t *order; // of random frames
  size_t next[FRAMES_CPUS], cpu;
  slm_zone *zone;
  void **live;
  size_t live_count;
} frames;

#define FRAMES_LARGE_PAGES 8

// At the same address in each run, so that counts are the same: they depend on the hashes of the frames. Valgrind does
// not find so much address space by itself.
#define FRAMES_START ((char *)0x200000000000)

static void *frames_map(char *start, size_t size) {
  char *memory = mmap(start, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (memory != start) die("no address space");
  madvise(memory, size, MADV_NOHUGEPAGE);
  return memory;
}

// More than the pages asked for: the directory has pages too, and random replacement takes up to an eighth more.
static size_t frames_limit(const frames *f) { return f->pages + f->pages / 6 + 64; }

static bool frames_have_cpus(const frames *f) {
  return f->row.place == FRAMES_OF_CPUS || f->row.place == FRAMES_BETWEEN_CPUS;
}

// The number of the next frame.
static size_t frames_next(frames *f) {
  size_t index = f->next[f->cpu]++, share = frames_limit(f) / FRAMES_CPUS + 64;
  if (index >= (frames_have_cpus(f) ? share : frames_limit(f))) return SIZE_MAX;
  switch (f->row.place) {
  case FRAMES_RANDOM:
    return f->order[index];
  case FRAMES_OF_CPUS:
    return f->cpu * share + index;
  case FRAMES_BETWEEN_CPUS:
    return index * FRAMES_CPUS + f->cpu;
  default:
    return index * f->row.distance;
  }
}

static void *frames_allocate_page(void *context, size_t size) {
  frames *f = context;
  if (size != f->page_size) {
    return f->has_large && f->next_large < FRAMES_LARGE_PAGES ? f->large + size * f->next_large++ : NULL;
  }
  size_t frame = frames_next(f);
  return frame == SIZE_MAX ? NULL : f->memory + frame * size;
}

// Frames are given back when the zone ends, and none is taken again.
static void frames_release_page(void *context, void *page, size_t size) { (void)context, (void)page, (void)size; }

static void frames_open(frames *f) {
  size_t count = frames_have_cpus(f) ? (frames_limit(f) / FRAMES_CPUS + 64) * FRAMES_CPUS : frames_limit(f);
  size_t span = f->row.place == FRAMES_RANDOM ? count * FRAMES_SPREAD : count * f->row.distance;
  f->memory_size = span * f->page_size;
  f->memory_size += -f->memory_size & (SLM_LARGE_PAGE_SIZE - 1);
  f->memory = frames_map(FRAMES_START, f->memory_size);
  f->large = frames_map(FRAMES_START + f->memory_size, FRAMES_LARGE_PAGES * SLM_LARGE_PAGE_SIZE);
  if (f->row.place == FRAMES_RANDOM) {
    unsigned char *taken = calloc(span, 1);
    f->order = malloc(count * sizeof *f->order);
    if (taken == NULL || f->order == NULL) die("no memory");
    for (size_t i = 0; i < count;) {
      size_t frame = random_below(span);
      if (taken[frame]) continue;
      taken[frame] = 1;
      f->order[i++] = (uint32_t)frame;
    }
    free(taken);
  }
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.page_size = (uint32_t)f->page_size;
  if (frames_have_cpus(f)) {
    options.threads = SLM_PER_CPU;
    options.cpu_count = FRAMES_CPUS;
  }
  if (!f->is_pushed) {
    options.provider = (slm_page_provider){.struct_size = sizeof options.provider,
                                           .page_size = (uint32_t)f->page_size,
                                           .context = f,
                                           .allocate_page = frames_allocate_page,
                                           .release_page = frames_release_page};
  }
  size_t size = slm_zone_storage_size(&options);
  f->zone = slm_zone_init(aligned_alloc(64, (size + 63) & ~(size_t)63), size, &options, NULL);
  if (f->zone == NULL) die("slm_zone_init failed");
  f->slots = (f->page_size - 72) / slm_zone_good_size(f->zone, FRAMES_OBJECT);
}

// Fills a CPU's share. In a zone without a provider an eighth of the slots stays free: there are no other pages.
static size_t frames_fill(frames *f, void **live, size_t pages) {
  size_t count = pages * f->slots;
  if (f->is_pushed) {
    for (size_t i = 0; i < pages; i++) {
      void *page = f->memory + frames_next(f) * f->page_size;
      if (slm_zone_refill(f->zone, 1, FRAMES_OBJECT, page, f->page_size) != SLM_OK) die("refill");
    }
    count -= count / 8 + 1;
  }
  for (size_t i = 0; i < count; i++) {
    live[i] = slm_zone_allocate(f->zone, FRAMES_OBJECT);
    if (live[i] == NULL) die("frames: out of memory");
  }
  return count;
}

static void *frames_fill_other(void *argument) {
  frames *f = argument;
  size_t pages = f->pages / FRAMES_CPUS;
  void **live = malloc((pages + 1) * f->slots * sizeof *live);
  if (live == NULL) die("no memory");
  f->live_count += frames_fill(f, live, pages == 0 ? 1 : pages);
  free(live);
  return NULL;
}

static void frames_replace(frames *f, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t index = random_below(f->live_count);
    if (slm_zone_deallocate(f->zone, f->live[index]) != SLM_OK) die("frames: a free failed");
    f->live[index] = slm_zone_allocate(f->zone, FRAMES_OBJECT);
    if (f->live[index] == NULL) die("frames: out of memory");
  }
}

// Fills the zone, and replaces as many objects as there are, which leaves the set as it stays. With CPUs the other
// threads fill their shares one after another and end; this thread's objects are those that are replaced.
static void frames_start(frames *f) {
  random_state = seed ^ 0x9E3779B97F4A7C15ULL;
  frames_open(f);
  f->live = malloc(f->pages * f->slots * sizeof *f->live);
  if (f->live == NULL) die("no memory");
  size_t pages = f->pages;
  if (frames_have_cpus(f)) {
    slm_zone_deallocate(f->zone, NULL);
    for (f->cpu = 1; f->cpu < FRAMES_CPUS; f->cpu++) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, frames_fill_other, f) != 0) die("no thread");
      pthread_join(thread, NULL);
    }
    f->cpu = 0;
    pages = pages / FRAMES_CPUS == 0 ? 1 : pages / FRAMES_CPUS;
  }
  f->live_count = frames_fill(f, f->live, pages);
  frames_replace(f, f->live_count);
}

// Ends the zone with its objects. Its storage stays: rows are few.
static void frames_end(frames *f) {
  if (!f->is_pushed && slm_zone_destroy(f->zone, NULL) != SLM_OK) die("frames: destroy");
  munmap(f->memory, f->memory_size + FRAMES_LARGE_PAGES * SLM_LARGE_PAGE_SIZE);
  free(f->order);
  free(f->live);
}

#endif
