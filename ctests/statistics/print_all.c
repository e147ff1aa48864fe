/* Prints one report of each kind, and of a zone with each kind of row, as JSON, one a line. */
#include <slabmalloc.h>

#include <stdio.h>

static void write_out(void *file, const char *text, size_t length) { fwrite(text, 1, length, file); }

int main(void) {
  static slm_zone_storage zone_storage;
  static slm_cache_storage cache_storage;
  static SLM_ALIGNAS(65536) unsigned char pushed[131072];
  slm_heap *heap = slm_heap_create(NULL, NULL);
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.provider = slm_mmap_provider();
  options.name = "a \"zone\" \\ caf\xC3\xA9\n";
  options.flags = SLM_HARDENED;
  options.soft_limit = 1 << 30;
  slm_zone *zone = slm_zone_init(&zone_storage, sizeof zone_storage, &options, NULL);
  options = (slm_options)SLM_DEFAULT_OPTIONS;
  options.provider = slm_zone_provider(zone);
  slm_cache *cache = slm_cache_init(&cache_storage, sizeof cache_storage, 8, 24, &options, NULL);
  if (slm_heap_allocate(heap, 100) == NULL || slm_heap_allocate(heap, 1000000) == NULL ||
      slm_zone_allocate(zone, 100) == NULL || slm_zone_allocate(zone, 1000000) == NULL ||
      slm_zone_refill(zone, 1, 100000, pushed, sizeof pushed) != SLM_OK || slm_cache_allocate(cache) == NULL ||
      slm_malloc(1000) == NULL || slm_malloc(10000000) == NULL)
    return 1;
  return slm_process_print(SLM_JSON, write_out, stdout) != SLM_OK ||
         slm_heap_print(heap, SLM_JSON, write_out, stdout) != SLM_OK ||
         slm_zone_print(zone, SLM_JSON, write_out, stdout) != SLM_OK ||
         slm_cache_print(cache, SLM_JSON, write_out, stdout) != SLM_OK;
}
