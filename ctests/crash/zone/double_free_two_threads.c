/* Two threads free one object of a zone for any thread at once: one of them gets the error. */
#include "../support/zone.h"

#include <pthread.h>

static slm_zone_storage storage;
static slm_zone *zone;
static pthread_barrier_t start;

static void *free_it(void *object) {
  pthread_barrier_wait(&start);
  return (void *)(intptr_t)slm_zone_deallocate(zone, object);
}

int main(void) {
  EXPECT(SLM_ERR_DOUBLE_FREE);
  slm_options options = shared_options(SLM_ANY_THREAD, 0, slm_mmap_provider());
  zone = slm_zone_init(&storage, sizeof storage, &options, NULL);
  require(zone != NULL);
  for (int round = 0; round < 500; round++) {
    pthread_t threads[2];
    void *object = slm_zone_allocate(zone, 64), *results[2];
    require(object != NULL);
    pthread_barrier_init(&start, NULL, 2);
    for (int i = 0; i < 2; i++) require(pthread_create(&threads[i], NULL, free_it, object) == 0);
    for (int i = 0; i < 2; i++) require(pthread_join(threads[i], &results[i]) == 0);
    slm_status sum = (slm_status)((intptr_t)results[0] + (intptr_t)results[1]);
    require((results[0] == NULL) != (results[1] == NULL) && sum == SLM_ERR_DOUBLE_FREE);
  }
  answer(SLM_ERR_DOUBLE_FREE);
  size_t live = 1;
  return slm_zone_destroy(zone, &live) == SLM_OK && live == 0 ? 0 : 3;
}
