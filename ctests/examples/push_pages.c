/* The push style: the zone has no provider, it lives on the page frames that it is handed. */
#include <slabmalloc.h>
#include <stdio.h>

enum { FRAMES = 2, FRAME_SIZE = 4096, OBJECT_SIZE = 256, OBJECTS_MAX = FRAMES * FRAME_SIZE / OBJECT_SIZE };

static _Alignas(FRAME_SIZE) unsigned char frames[FRAMES][FRAME_SIZE];
static slm_zone_storage storage;
static void *objects[OBJECTS_MAX];
static size_t count;

/* Allocates until the zone says why it cannot. */
static slm_status fill(slm_zone *zone) {
  for (;;) {
    void *object = NULL;
    slm_status status = slm_zone_allocate_with(zone, 16, OBJECT_SIZE, 0, &object);
    if (status != SLM_OK) return status;
    objects[count++] = object;
  }
}

int main(void) {
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, NULL, NULL); /* cannot fail */
  printf("objects of %d bytes need a page of %zu bytes\n", OBJECT_SIZE, slm_zone_page_size(zone, 16, OBJECT_SIZE));
  slm_status status = fill(zone);
  printf("no page yet:      %2zu objects, then %s\n", count, slm_status_name(status));

  for (size_t i = 0; i < FRAMES; i++) {
    status = slm_zone_refill(zone, 16, OBJECT_SIZE, frames[i], FRAME_SIZE);
    if (status != SLM_OK) return 1;
    status = fill(zone);
    printf("after %zu refill%s  %2zu objects, then %s\n", i + 1, i == 0 ? ": " : "s:", count, slm_status_name(status));
    if (status != SLM_ERR_OUT_OF_MEMORY) return 1;
  }
  status = slm_zone_refill(zone, 16, OBJECT_SIZE, frames[0], FRAME_SIZE);
  printf("same page again:  %s\n", slm_status_name(status));

  for (size_t i = 0; i < count; i++) {
    if (slm_zone_deallocate(zone, objects[i]) != SLM_OK) return 1;
  }
  size_t back = 0;
  while (slm_zone_reclaim_page(zone, FRAME_SIZE) != NULL) back++;
  printf("all freed:        %zu of %d page frames are ours again\n", back, FRAMES);

  status = slm_zone_destroy(zone, NULL);
  printf("destroy:          %s\n", slm_status_name(status));
  return back == FRAMES && status == SLM_OK ? 0 : 1;
}
