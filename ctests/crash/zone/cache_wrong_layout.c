/* A size that no slot of a size-class allocator has, to free. */
#include "../support/zone.h"

static slm_cache_storage storage;

int main(void) {
  EXPECT_UNLESS_FAST(SLM_ERR_LAYOUT_MISMATCH);
  slm_options options = options_with(slm_mmap_provider());
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 24, &options, NULL);
  require(cache != NULL);
  void *object = slm_cache_allocate(cache);
  require(object != NULL);
  answer(slm_cache_deallocate_aligned_sized(cache, object, 8, 25));
  require(slm_cache_deallocate(cache, object) == (is_fast() ? SLM_ERR_DOUBLE_FREE : SLM_OK));
  return slm_cache_destroy(cache, NULL) == SLM_OK ? 0 : 3;
}
