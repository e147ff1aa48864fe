/* A double free in a size-class allocator. */
#include "../support/zone.h"

static slm_sc_storage storage;

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_options options = options_with(slm_mmap_provider());
  slm_sc *sc = slm_sc_init(&storage, sizeof storage, 8, 24, &options);
  require(sc != NULL);
  void *object = slm_sc_allocate(sc);
  require(object != NULL && slm_sc_deallocate(sc, object) == SLM_OK);
  answer(slm_sc_deallocate(sc, object));
  return slm_sc_destroy(sc, NULL) == SLM_OK ? 0 : 3;
}
