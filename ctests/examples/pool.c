/* A typed object cache: every slot has exactly the size of one struct. */
#include <slabmalloc.h>
#include <stdio.h>

struct particle {
  double position[3];
  double velocity[3];
  unsigned id;
};

static slm_sc_storage storage;

static slm_sc *particles_create(void) {
  return slm_sc_init(&storage, sizeof storage, _Alignof(struct particle), sizeof(struct particle),
                     &SLM_OPTIONS(slm_mmap_provider()));
}

static struct particle *particle_create(slm_sc *particles, unsigned id) {
  struct particle *particle = slm_sc_allocate_zeroed(particles);
  if (particle != NULL) particle->id = id;
  return particle;
}

static slm_status particle_destroy(slm_sc *particles, struct particle *particle) {
  return slm_sc_deallocate(particles, particle);
}

int main(void) {
  enum { COUNT = 10000 };
  static struct particle *all[COUNT];
  slm_sc *particles = particles_create();
  if (particles == NULL) return 1;

  for (unsigned i = 0; i < COUNT; i++) {
    if ((all[i] = particle_create(particles, i)) == NULL) return 1;
  }
  for (unsigned i = 0; i < COUNT; i++) {
    if (all[i]->id != i || all[i]->position[0] != 0) return 1;
  }

  slm_class_statistics held = {.struct_size = sizeof held};
  if (slm_sc_class_statistics(particles, &held) != SLM_OK) return 1;
  printf("a struct of %zu bytes has slots of %zu: %llu live on %llu pages of %llu KiB\n", sizeof(struct particle),
         slm_sc_slot_size(particles), (unsigned long long)held.slots_live, (unsigned long long)held.pages,
         (unsigned long long)held.page_size / 1024);

  printf("destroy one:       %s\n", slm_status_name(particle_destroy(particles, all[42])));
  printf("the same again:    %s\n", slm_status_name(particle_destroy(particles, all[42])));
  printf("inside one:        %s\n", slm_status_name(slm_sc_deallocate(particles, &all[43]->velocity)));

  size_t live = 0;
  slm_status status = slm_sc_destroy(particles, &live);
  printf("destroy the cache: %s, %zu were live\n", slm_status_name(status), live);
  return status == SLM_OK && live == COUNT - 1 ? 0 : 1;
}
