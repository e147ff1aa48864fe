/* A typed object cache: every slot has exactly the size of one struct. */
#include <slabmalloc.h>
#include <stdio.h>

struct particle {
  double position[3];
  double velocity[3];
  unsigned id;
};

static slm_cache_storage storage;

static slm_cache *particles_create(void) {
  return slm_cache_init(&storage, sizeof storage, _Alignof(struct particle), sizeof(struct particle),
                        SLM_OPTIONS(slm_mmap_provider()), NULL);
}

static struct particle *particle_create(slm_cache *particles, unsigned id) {
  struct particle *particle = slm_cache_allocate_zeroed(particles);
  if (particle != NULL) particle->id = id;
  return particle;
}

static slm_status particle_destroy(slm_cache *particles, struct particle *particle) {
  return slm_cache_deallocate(particles, particle);
}

int main(void) {
  enum { COUNT = 10000 };
  static struct particle *all[COUNT];
  slm_cache *particles = particles_create();
  if (particles == NULL) return 1;

  for (unsigned i = 0; i < COUNT; i++) {
    if ((all[i] = particle_create(particles, i)) == NULL) return 1;
  }
  for (unsigned i = 0; i < COUNT; i++) {
    if (all[i]->id != i || all[i]->position[0] != 0) return 1;
  }

  slm_class_statistics held = {.struct_size = sizeof held};
  if (slm_cache_class_statistics(particles, &held) != SLM_OK) return 1;
  printf("a struct of %zu bytes has slots of %zu: %llu live on %llu pages of %llu KiB\n", sizeof(struct particle),
         slm_cache_slot_size(particles), (unsigned long long)held.slots_live, (unsigned long long)held.pages,
         (unsigned long long)held.page_size / 1024);

  printf("destroy one:       %s\n", slm_status_name(particle_destroy(particles, all[42])));
  printf("the same again:    %s\n", slm_status_name(particle_destroy(particles, all[42])));
  void *volatile inside = &all[43]->velocity; /* volatile: else gcc sees the misuse, and warns */
  printf("inside one:        %s\n", slm_status_name(slm_cache_deallocate(particles, inside)));

  size_t live = 0;
  slm_status status = slm_cache_destroy(particles, &live);
  printf("destroy the cache: %s, %zu were live\n", slm_status_name(status), live);
  return status == SLM_OK && live == COUNT - 1 ? 0 : 1;
}
