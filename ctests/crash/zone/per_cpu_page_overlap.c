/* A zone per CPU gets a large page in which there is a base page that another CPU's zone has. */
#include "../support/zone.h"

#include <pthread.h>

static SLM_ALIGNAS(64) unsigned char storage[SLM_ZONE_STORAGE_SIZE + 2 * SLM_ZONE_CPU_STORAGE_SIZE];
static SLM_ALIGNAS(SLM_LARGE_PAGE_SIZE) unsigned char memory[SLM_LARGE_PAGE_SIZE];

static void *refill(void *zone) {
  answer(slm_zone_refill(zone, 8, 20000, memory, sizeof memory));
  return NULL;
}

int main(void) {
  EXPECT(SLM_ERR_PAGE_OWNED);
  slm_options options = shared_options(SLM_PER_CPU, 2, own_provider());
  slm_zone *zone = slm_zone_init(storage, sizeof storage, &options, NULL);
  require(zone != NULL && slm_zone_refill(zone, 8, 64, memory + 8192, 4096) == SLM_OK);
  char *object = slm_zone_allocate(zone, 64);
  require(object != NULL && (size_t)(object - (char *)memory - 8192) < 4096);
  memset(object, 'x', 64);
  pthread_t thread;
  require(pthread_create(&thread, NULL, refill, zone) == 0 && pthread_join(thread, NULL) == 0);
  require(slm_zone_deallocate(zone, object) == SLM_OK);
  return slm_zone_destroy(zone, NULL) == SLM_OK ? 0 : 5;
}
