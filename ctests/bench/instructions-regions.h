// What a region's provider executes at its worst: rows of instructions.c, per call. 1 GiB of address space in base
// pages of 4 KiB, of which nothing but the region's state is touched.
#include <sys/mman.h>

#define REGION_SIZE ((size_t)1 << 30)
#define REGION_PAGE ((size_t)4096)
#define REGION_CALLS 2000

static slm_page_provider region_pages;
static void *region_memory;
static void *region_runs[REGION_SIZE / REGION_PAGE];

static void open_region(void) {
  region_memory = mmap(NULL, REGION_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  must(region_memory != MAP_FAILED, "mmap");
  slm_region *region = slm_region_init(region_memory, REGION_SIZE, REGION_PAGE, NULL);
  must(region != NULL, "slm_region_init");
  region_pages = slm_region_provider(region);
}

static void close_region(void) { must(munmap(region_memory, REGION_SIZE) == 0, "munmap"); }

static void *take_run(size_t size, size_t alignment) {
  return region_pages.allocate_run(region_pages.context, size, alignment);
}

static void give_run(void *run, size_t size) { region_pages.release_run(region_pages.context, run, size); }

/** Takes everything, and gives back the pages of each 64 that the mask has. */
static void leave_pages(uint64_t mask) {
  unsigned char *all = NULL, *start = NULL;
  for (size_t size = REGION_SIZE; start == NULL; size -= REGION_PAGE)
    start = take_run(size, REGION_PAGE), all = start + size;
  while (region_pages.allocate_page(region_pages.context, REGION_PAGE) != NULL) {
  }
  for (start =
           (unsigned char *)(((uintptr_t)start + 2 * SLM_LARGE_PAGE_SIZE) / SLM_LARGE_PAGE_SIZE * SLM_LARGE_PAGE_SIZE);
       start < all; start += REGION_PAGE)
    if (mask >> ((uintptr_t)start / REGION_PAGE % 64) & 1) give_run(start, REGION_PAGE);
}

/** Takes pages or runs and gives them back in a random order, in two rows. */
static void count_region(const char *take_row, const char *give_row, size_t size, size_t alignment, size_t calls) {
  uint64_t random = 1;
  bool is_page = alignment == 0;
  CALLGRIND_ZERO_STATS;
  for (size_t i = 0; i < calls; i++)
    region_runs[i] = is_page ? region_pages.allocate_page(region_pages.context, size) : take_run(size, alignment);
  dump_calls(take_row, size, calls);
  for (size_t i = calls; i > 1; i--) {
    random = random * 6364136223846793005 + 1442695040888963407;
    size_t j = (random >> 33) % i;
    void *run = region_runs[i - 1];
    region_runs[i - 1] = region_runs[j];
    region_runs[j] = run;
  }
  must(region_runs[0] != NULL && region_runs[calls - 1] != NULL, take_row);
  CALLGRIND_ZERO_STATS;
  for (size_t i = 0; i < calls; i++) {
    if (is_page) region_pages.release_page(region_pages.context, region_runs[i], size);
    else give_run(region_runs[i], size);
  }
  dump_calls(give_row, size, calls);
}

static void count_regions(void) {
  // All of it is free: the nodes above change with each run.
  open_region();
  count_region("region-take", "region-give", REGION_PAGE, 0, REGION_CALLS);
  count_region("region-take", "region-give", SLM_LARGE_PAGE_SIZE, 0, 400);
  count_region("region-run", "region-unrun", 8 * REGION_PAGE, REGION_PAGE, REGION_CALLS);
  count_region("region-run", "region-unrun", REGION_SIZE / 2 + REGION_PAGE, REGION_PAGE, 1);
  close_region();
  // Each second page is free.
  open_region();
  leave_pages(UINT64_C(0x5555555555555555));
  count_region("region-odd", "region-unodd", REGION_PAGE, 0, REGION_CALLS);
  close_region();
  // Stretches of 22 pages, none of which has 16 pages that are aligned to 16: each is looked at in vain.
  open_region();
  leave_pages(UINT64_C(0x3FFFFF) << 9);
  CALLGRIND_ZERO_STATS;
  for (size_t i = 0; i < 100; i++) must(take_run(16 * REGION_PAGE, 16 * REGION_PAGE) == NULL, "it fits");
  dump_calls("region-none", 16 * REGION_PAGE, 100);
  close_region();
}
