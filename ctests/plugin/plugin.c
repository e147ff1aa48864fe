/* A plug-in with the static archive in it: a malloc of its own for its host. */
#include <slabmalloc.h>

void *plugin_allocate(size_t size) { return slm_malloc(size); }
void plugin_free(void *object) { slm_free(object); }
size_t plugin_usable_size(const void *object) { return slm_usable_size(object); }

/** Heaps of threads that are there. */
uint64_t plugin_heaps(void) {
  slm_process_usage usage = {.struct_size = sizeof usage};
  return slm_process_statistics(&usage) == SLM_OK ? usage.heaps : 0;
}
