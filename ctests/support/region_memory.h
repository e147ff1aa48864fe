/* Memory for the regions of a suite: BLOCKS large pages, which the suite defines before it includes this file. */
#ifndef REGION_MEMORY_H
#define REGION_MEMORY_H

#include "suite.h"

#define LARGE_PAGE SLM_LARGE_PAGE_SIZE

static unsigned char *memory; /* BLOCKS large pages */

static int map_memory(void **state) {
  (void)state;
  memory = aligned_alloc(LARGE_PAGE, BLOCKS * LARGE_PAGE);
  return memory == NULL;
}

static int unmap_memory(void **state) {
  (void)state;
  free(memory);
  return 0;
}

static inline slm_fragmentation fragmentation(slm_region *region) {
  slm_fragmentation out = {.struct_size = sizeof out};
  assert_ok(slm_region_fragmentation(region, &out));
  return out;
}

static inline slm_provider_statistics ledger(slm_region *region) {
  slm_provider_statistics out = {.struct_size = sizeof out};
  assert_ok(slm_region_statistics(region, &out));
  return out;
}

#endif
