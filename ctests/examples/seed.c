/* The two examples of rust-slabmalloc's README, in C: a zone and a cache that get their pages from the program. */
#include <slabmalloc.h>
#include <stdio.h>

static _Alignas(4096) unsigned char page_frames[2][4096];

/* [zone */
static slm_status zone_example(void *page) {
  static slm_zone_storage storage;
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, NULL, NULL); /* no provider: pages are pushed */

  slm_status status = slm_zone_refill(zone, 4, 12, page, 4096); /* alignment 4, size 12 */
  if (status != SLM_OK) return status;
  void *object = NULL;
  status = slm_zone_allocate_with(zone, 4, 12, 0, &object); /* SLM_ERR_OUT_OF_MEMORY asks for a refill */
  if (status != SLM_OK) return status;
  status = slm_zone_deallocate_aligned_sized(zone, object, 4, 12);
  if (status != SLM_OK) return status;

  return slm_zone_reclaim_page(zone, 4096) == page ? slm_zone_destroy(zone, NULL) : SLM_ERR_NO_PROVIDER;
}
/* zone] */

/* [cache */
static slm_status cache_example(void *page) {
  static slm_cache_storage storage;
  slm_status status;
  slm_cache *cache = slm_cache_init(&storage, sizeof storage, 8, 10, NULL, &status); /* alignment 8, size 10 */
  if (cache == NULL) return status;

  status = slm_cache_refill(cache, page, 4096);
  if (status != SLM_OK) return status;
  void *object = slm_cache_allocate(cache);
  status = slm_cache_deallocate(cache, object);
  if (object == NULL || status != SLM_OK) return status;

  return slm_cache_reclaim_page(cache, 4096) == page ? slm_cache_destroy(cache, NULL) : SLM_ERR_NO_PROVIDER;
}
/* cache] */

int main(void) {
  slm_status zone = zone_example(page_frames[0]);
  slm_status cache = cache_example(page_frames[1]);
  printf("zone:  %s\ncache: %s\n", slm_status_name(zone), slm_status_name(cache));
  return zone == SLM_OK && cache == SLM_OK ? 0 : 1;
}
