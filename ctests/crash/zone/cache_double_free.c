/* A double free in a size-class allocator. */
#include "../support/zone.h"

static slm_cache_storage storage;

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_options options = options_with(slm_mmap_provider());
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 24, &options, NULL);
  require(cache != NULL);
  void *object = slm_cache_allocate(cache);
  require(object != NULL && slm_cache_deallocate(cache, object) == SLM_OK);
  answer(slm_cache_deallocate(cache, object));
  return slm_cache_destroy(cache, NULL) == SLM_OK ? 0 : 3;
}
