/* A size that no slot of a size-class allocator has, to free. */
#include "../support/zone.h"

static slm_sc_storage storage;

int main(void) {
  EXPECT_UNLESS_FAST(SLM_ERR_LAYOUT_MISMATCH);
  slm_options options = options_with(slm_mmap_provider());
  slm_sc *sc = slm_sc_init(&storage, sizeof storage, 8, 24, &options);
  require(sc != NULL);
  void *object = slm_sc_allocate(sc);
  require(object != NULL);
  answer(slm_sc_deallocate_aligned_sized(sc, object, 8, 25));
  require(slm_sc_deallocate(sc, object) == (is_fast() ? SLM_ERR_DOUBLE_FREE : SLM_OK));
  return slm_sc_destroy(sc, NULL) == SLM_OK ? 0 : 3;
}
