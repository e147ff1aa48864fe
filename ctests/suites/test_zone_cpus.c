/* A zone per CPU from several CPUs, which threads stand for: each new thread is the next CPU. */
#include "../support/suite.h"
#include "../support/test_provider.h"

#include <stdatomic.h>

enum { CPUS = 100 }; /* more than the threads that this program starts, but for the last tests */

typedef struct fixture {
  test_provider provider;
  _Alignas(64) unsigned char storage[SLM_ZONE_STORAGE_SIZE + CPUS * SLM_ZONE_CPU_STORAGE_SIZE];
  slm_zone *zone;
} fixture;

/** The options of a zone for each of so many CPUs. */
static slm_options per_cpu(uint32_t cpu_count, slm_page_provider provider) {
  slm_options options = *SLM_OPTIONS(provider);
  options.threads = SLM_PER_CPU;
  options.cpu_count = cpu_count;
  return options;
}

static void open_cpus(fixture *f, uint32_t cpu_count) {
  test_provider_open(&f->provider, 4096);
  slm_options options = per_cpu(cpu_count, test_provider_both(&f->provider));
  f->zone = slm_zone_init(f->storage, sizeof f->storage, &options, NULL);
  assert_ptr_equal(f->zone, f->storage);
}

static uint64_t slots_live(fixture *f) {
  slm_statistics all = {.struct_size = sizeof all};
  assert_ok(slm_zone_statistics(f->zone, &all));
  return all.slots_live;
}

static void close_cpus(fixture *f, size_t want) {
  size_t live = SIZE_MAX;
  slm_statistics all = {.struct_size = sizeof all};
  assert_ok(slm_zone_statistics(f->zone, &all));
  assert_int_equal(all.base_pages_taken - all.base_pages_given_back, test_provider_out(&f->provider, BASE));
  assert_int_equal(all.large_pages_taken - all.large_pages_given_back, test_provider_out(&f->provider, LARGE));
  assert_ok(slm_zone_destroy(f->zone, &live));
  assert_int_equal(live, want);
  test_provider_close(&f->provider);
}

/** Runs the body on a CPU that nothing ran on before, and waits for it. The body counts what is wrong. */
static void on_new_cpu(void *(*body)(void *), void *argument) {
  pthread_t thread;
  void *faults = NULL;
  assert_int_equal(pthread_create(&thread, NULL, body, argument), 0);
  assert_int_equal(pthread_join(thread, &faults), 0);
  assert_null(faults);
}

/** What one CPU does with another's objects. */
typedef struct job {
  fixture *f;
  void **objects;
  size_t size, count;
  uint32_t flags;
  slm_status want;
} job;

static void *allocate_all(void *argument) {
  job *j = argument;
  uintptr_t faults = 0;
  for (size_t i = 0; i < j->count; i++) {
    faults += slm_zone_allocate_with(j->f->zone, 8, j->size, j->flags, &j->objects[i]) != j->want;
    if (j->objects[i] != NULL) pattern_fill(j->objects[i], j->size, i);
  }
  return (void *)faults;
}

static void *deallocate_all(void *argument) {
  job *j = argument;
  uintptr_t faults = 0;
  for (size_t i = 0; i < j->count; i++) {
    faults += j->want == SLM_OK && !pattern_holds(j->objects[i], j->size, i);
    faults += slm_zone_deallocate(j->f->zone, j->objects[i]) != j->want;
  }
  return (void *)faults;
}

static void storage_for_any_number_of_cpus(void **state) {
  (void)state;
  static const uint32_t counts[] = {1, 2, 3, 64, 65, 100};
  static fixture f;
  for (size_t i = 0; i < COUNT_OF(counts); i++) {
    slm_options options = per_cpu(counts[i], slm_mmap_provider());
    size_t size = slm_zone_storage_size(&options);
    assert_true(size > 0 && size <= SLM_ZONE_STORAGE_SIZE + (size_t)counts[i] * SLM_ZONE_CPU_STORAGE_SIZE);
    memset(f.storage, 0xC3, sizeof f.storage);
    assert_null(slm_zone_init(f.storage, size - 1, &options, NULL));
    assert_true(bytes_are(f.storage, sizeof f.storage, 0xC3));
    slm_zone *zone = slm_zone_init(f.storage, size, &options, NULL);
    assert_non_null(zone);
    void *object = slm_zone_allocate(zone, 100);
    assert_non_null(object);
    assert_true(bytes_are(f.storage + size, sizeof f.storage - size, 0xC3));
    assert_ok(slm_zone_deallocate(zone, object));
    assert_ok(slm_zone_destroy(zone, NULL));
  }
  static const uint32_t wrong[] = {0, 65536, UINT32_MAX / 4096, UINT32_MAX};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    slm_options options = per_cpu(wrong[i], slm_mmap_provider());
    assert_int_equal(slm_zone_storage_size(&options), 0);
    assert_null(slm_zone_init(f.storage, SIZE_MAX, &options, NULL));
  }
  slm_options most = per_cpu(65535, slm_mmap_provider()), one = per_cpu(1, slm_mmap_provider());
  assert_true(slm_zone_storage_size(&most) > 0);
  assert_null(slm_zone_init(NULL, sizeof f.storage, &one, NULL));
  assert_null(slm_zone_init(f.storage + 8, sizeof f.storage - 8, &one, NULL));
}

/** Objects of two CPUs never share a page, and what a CPU gets back it gives out again. */
static void each_cpu_has_its_own_pages(void **state) {
  (void)state;
  static fixture f;
  enum { COUNT = 300 };
  void *mine[COUNT], *theirs[COUNT];
  open_cpus(&f, CPUS);
  job own = {.f = &f, .objects = mine, .size = 100, .count = COUNT}, other = own;
  other.objects = theirs;
  assert_null(allocate_all(&own));
  on_new_cpu(allocate_all, &other);
  for (size_t i = 0; i < COUNT; i++)
    for (size_t j = 0; j < COUNT; j++) assert_true((uintptr_t)mine[i] / 4096 != (uintptr_t)theirs[j] / 4096);
  /* A third CPU frees them all: they come back to the first, which needs no page for as many. */
  on_new_cpu(deallocate_all, &own);
  on_new_cpu(deallocate_all, &other);
  assert_int_equal(slots_live(&f), 0);
  f.provider.dry = true;
  assert_null(allocate_all(&own));
  f.provider.dry = false;
  assert_null(deallocate_all(&own));
  close_cpus(&f, 0);
}

static void misuse_across_cpus_is_found(void **state) {
  (void)state;
  static fixture f;
  static char foreign[64];
  void *objects[3], *pointers[3];
  open_cpus(&f, CPUS);
  job own = {.f = &f, .objects = objects, .size = 100, .count = 3};
  assert_null(allocate_all(&own));
  for (size_t i = 0; i < 3; i++) pointers[i] = (char *)objects[i] + 8;
  job interior = {.f = &f, .objects = pointers, .count = 3, .want = SLM_ERR_INTERIOR_POINTER};
  on_new_cpu(deallocate_all, &interior);
  pointers[0] = foreign, pointers[1] = &f, pointers[2] = (void *)(uintptr_t)-1;
  interior.want = SLM_ERR_FOREIGN_POINTER;
  on_new_cpu(deallocate_all, &interior);
  assert_null(deallocate_all(&interior));
  assert_int_equal(slots_live(&f), 3);
  on_new_cpu(deallocate_all, &own);
  own.want = SLM_ERR_DOUBLE_FREE;
  on_new_cpu(deallocate_all, &own);
  assert_null(deallocate_all(&own));
  close_cpus(&f, 0);
}

/** Every call that takes an object finds another CPU's. */
static void *use_objects(void *argument) {
  job *j = argument;
  slm_zone *zone = j->f->zone;
  uintptr_t faults = 0;
  char *object = j->objects[0];
  faults += slm_zone_usable_size(zone, object) != 112 || !slm_zone_owns(zone, object + 5);
  faults += slm_zone_resize(zone, object, 112) != SLM_OK;
  faults += slm_zone_resize(zone, object, 113) != SLM_ERR_CANNOT_RESIZE;
  faults += slm_zone_deallocate_sized(zone, object, 500) != SLM_ERR_LAYOUT_MISMATCH;
  faults += slm_zone_deallocate_aligned_sized(zone, object, 64, 100) != SLM_ERR_LAYOUT_MISMATCH;
  faults += slm_zone_reallocate(zone, object, 110) != object; /* in place */
  char *moved = slm_zone_reallocate_aligned(zone, object, 128, 3000);
  faults += moved == NULL || moved == object || (uintptr_t)moved % 128 != 0 || !pattern_holds(moved, 100, 0);
  faults += slm_zone_usable_size(zone, object) != 0; /* it was given back where it came from */
  faults += slm_zone_deallocate_sized(zone, j->objects[1], 100) != SLM_OK;
  faults += slm_zone_deallocate_aligned_sized(zone, j->objects[2], 16, 100) != SLM_OK;
  size_t done = 0;
  void *batch[] = {j->objects[3], NULL, j->objects[1], moved, j->objects[4]};
  faults += slm_zone_deallocate_batch(zone, batch, 5, &done) != SLM_ERR_DOUBLE_FREE || done != 3;
  return (void *)faults;
}

static void any_call_takes_another_cpus_object(void **state) {
  (void)state;
  static fixture f;
  void *objects[5];
  open_cpus(&f, CPUS);
  job own = {.f = &f, .objects = objects, .size = 100, .count = 5};
  assert_null(allocate_all(&own));
  on_new_cpu(use_objects, &own);
  close_cpus(&f, 0);
}

/** A page that changed its owner: where it was found last is wrong now. */
static void a_page_that_changes_hands(void **state) {
  (void)state;
  static fixture f;
  void *objects[1];
  open_cpus(&f, CPUS);
  job own = {.f = &f, .objects = objects, .size = 2000, .count = 1};
  void *page = NULL;
  for (size_t round = 0; round < 5; round++) {
    on_new_cpu(allocate_all, &own); /* always another CPU, always the same page */
    assert_true(page == NULL || page == objects[0]);
    page = objects[0];
    on_new_cpu(deallocate_all, &own);
    assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, NULL));
  }
  close_cpus(&f, 0);
}

static void a_cpu_without_memory_takes_from_another(void **state) {
  (void)state;
  static const size_t sizes[] = {64, 10000};
  static fixture f;
  static void *objects[1000];
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    open_cpus(&f, CPUS);
    void *first = slm_zone_allocate(f.zone, sizes[i]);
    assert_non_null(first);
    slm_class_statistics class = {.struct_size = sizeof class};
    for (size_t index = 0; class.pages == 0; index++) assert_ok(slm_zone_class_statistics(f.zone, index, &class));
    size_t count = (size_t) class.slots_per_page - 1;
    f.provider.dry = true;
    /* Slots of this CPU's page, also for one that may not wait; then there are none. */
    job other = {.f = &f, .objects = objects, .size = sizes[i], .count = count / 2};
    on_new_cpu(allocate_all, &other);
    other.objects += count / 2, other.count = count - count / 2, other.flags = SLM_NOWAIT;
    on_new_cpu(allocate_all, &other);
    assert_disjoint(objects, count, sizes[i]);
    void *none = &f;
    assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_allocate_with(f.zone, 8, sizes[i], 0, &none));
    assert_null(none);
    /* An empty page of this CPU's becomes another class's: a batch, and one by one. */
    assert_ok(slm_zone_deallocate(f.zone, first));
    size_t done = 0;
    assert_ok(slm_zone_deallocate_batch(f.zone, objects, count, &done));
    assert_int_equal(done, count);
    job odd = {.f = &f, .objects = objects, .size = sizes[i] * 2, .count = 2};
    on_new_cpu(allocate_all, &odd);
    on_new_cpu(deallocate_all, &odd);
    f.provider.dry = false;
    close_cpus(&f, 0);
  }
}

static void *allocate_a_batch(void *argument) {
  job *j = argument;
  return (void *)(j->count - slm_zone_allocate_batch(j->f->zone, j->size, j->count, j->objects));
}

static void a_batch_takes_from_another_cpu(void **state) {
  (void)state;
  static fixture f;
  static void *objects[100];
  open_cpus(&f, CPUS);
  void *first = slm_zone_allocate(f.zone, 32); /* a page with more than 100 slots */
  assert_non_null(first);
  f.provider.dry = true;
  job other = {.f = &f, .objects = objects, .size = 32, .count = 100};
  on_new_cpu(allocate_a_batch, &other);
  assert_disjoint(objects, 100, 32);
  f.provider.dry = false;
  close_cpus(&f, 101);
}

/** The reserve serves whatever CPU needs it, and nobody takes its pages. */
static void a_reserve_is_for_any_cpu(void **state) {
  (void)state;
  static fixture f;
  static void *objects[3][40], *others[1000];
  open_cpus(&f, CPUS);
  assert_ok(slm_zone_reserve(f.zone, 8, 100, 120));
  f.provider.dry = true;
  for (size_t size = 8; size <= 2048; size *= 2) {
    if (size == 128) continue;
    job odd = {.f = &f, .objects = others, .size = size, .count = 10, .want = SLM_ERR_OUT_OF_MEMORY};
    on_new_cpu(allocate_all, &odd);
  }
  slm_reclaimed out;
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &out));
  assert_int_equal(out.base_pages, 0);
  for (size_t i = 0; i < 3; i++) {
    job own = {.f = &f, .objects = objects[i], .size = 100, .count = 40, .flags = i % 2 ? SLM_NOWAIT : 0};
    on_new_cpu(allocate_all, &own);
  }
  assert_disjoint(objects[0], 120, 100);
  for (size_t i = 0; i < 3; i++) {
    job own = {.f = &f, .objects = objects[i], .size = 100, .count = 40};
    on_new_cpu(deallocate_all, &own);
  }
  f.provider.dry = false;
  close_cpus(&f, 0);
}

static void a_reserve_takes_empty_pages_of_cpus(void **state) {
  (void)state;
  static fixture f;
  static void *objects[400];
  open_cpus(&f, CPUS);
  job own = {.f = &f, .objects = objects, .size = 2048, .count = 4}; /* four pages, one slot each */
  on_new_cpu(allocate_all, &own);
  on_new_cpu(deallocate_all, &own);
  f.provider.dry = true;
  size_t pages = test_provider_out(&f.provider, BASE);
  assert_ok(slm_zone_reserve(f.zone, 8, 500, pages * 7));
  assert_status(SLM_ERR_OUT_OF_MEMORY, slm_zone_reserve(f.zone, 8, 500, pages * 7 + 8));
  job reserved = {.f = &f, .objects = objects, .size = 500, .count = pages * 7};
  on_new_cpu(allocate_all, &reserved);
  on_new_cpu(deallocate_all, &reserved);
  f.provider.dry = false;
  close_cpus(&f, 0);
}

/** What a shrinker does: pages of all CPUs' zones, as many as it asks for. */
static void reclaim_from_all_cpus(void **state) {
  (void)state;
  static fixture f;
  static void *objects[10];
  open_cpus(&f, CPUS);
  for (size_t cpu = 0; cpu < 5; cpu++) {
    job small = {.f = &f, .objects = objects, .size = 2048, .count = 10}, large = small; /* ten pages, and one */
    large.size = 50000;
    on_new_cpu(allocate_all, &small);
    on_new_cpu(deallocate_all, &small);
    on_new_cpu(allocate_all, &large);
    on_new_cpu(deallocate_all, &large);
  }
  slm_reclaimed out;
  assert_int_equal(test_provider_out(&f.provider, BASE), 50);
  assert_ok(slm_zone_reclaim(f.zone, 0, 0, &out));
  assert_int_equal(out.base_pages + out.large_pages, 0);
  assert_ok(slm_zone_reclaim(f.zone, 12, 1, &out));
  assert_int_equal(out.base_pages, 12);
  assert_int_equal(out.large_pages, 1);
  assert_int_equal(test_provider_out(&f.provider, BASE), 38);
  assert_int_equal(test_provider_out(&f.provider, LARGE), 4);
  assert_ok(slm_zone_reclaim(f.zone, SIZE_MAX, SIZE_MAX, &out));
  assert_int_equal(out.base_pages, 38);
  assert_int_equal(out.large_pages, 4);
  assert_int_equal(test_provider_out(&f.provider, BASE) + test_provider_out(&f.provider, LARGE), 0);
  close_cpus(&f, 0);
}

static void destroying_ends_all_cpus_zones(void **state) {
  (void)state;
  static fixture f;
  static void *objects[3][20];
  open_cpus(&f, CPUS);
  assert_ok(slm_zone_reserve(f.zone, 8, 64, 10));
  for (size_t cpu = 0; cpu < 3; cpu++) {
    job own = {.f = &f, .objects = objects[cpu], .size = 3000, .count = 20};
    on_new_cpu(allocate_all, &own);
  }
  slm_zone *zone = f.zone;
  close_cpus(&f, 60);
  assert_status(SLM_ERR_NOT_INITIALIZED, slm_zone_destroy(zone, NULL));
  job own = {.f = &f, .objects = objects[0], .size = 3000, .count = 1, .want = SLM_ERR_NOT_INITIALIZED};
  on_new_cpu(allocate_all, &own);
  on_new_cpu(deallocate_all, &own);
}

/** More threads than CPUs, pages that are scarce: objects wander, are freed elsewhere, reserves and reclaims come
 * between. */
enum { THREADS = 6, MAILBOXES = 200, SCARCE = 1 << 20 };

typedef struct team {
  slm_zone *zone;
  _Atomic(void *) mail[MAILBOXES];
  atomic_size_t faults, refused;
} team;

typedef struct member {
  team *team;
  uint64_t random;
  pthread_t thread;
} member;

static void free_mail(team *t, size_t *object) {
  if (object == NULL) return;
  t->faults += !pattern_holds(object + 1, object[0] - 8, (uintptr_t)object);
  t->faults += slm_zone_deallocate_sized(t->zone, object, object[0]) != SLM_OK;
}

static void *wander(void *argument) {
  member *self = argument;
  team *t = self->team;
  for (size_t i = 0; i < 30000; i++) {
    size_t size = 16 + random_below(&self->random, 2000), *object = NULL;
    uint32_t flags = random_below(&self->random, 3) == 0 ? SLM_NOWAIT : 0;
    slm_status status = slm_zone_allocate_with(t->zone, 8, size, flags, (void **)&object);
    t->faults += status != SLM_OK && status != SLM_ERR_OUT_OF_MEMORY;
    t->refused += status == SLM_ERR_OUT_OF_MEMORY;
    if (object != NULL) {
      object[0] = size;
      pattern_fill(object + 1, size - 8, (uintptr_t)object);
    }
    free_mail(t, atomic_exchange(&t->mail[random_below(&self->random, MAILBOXES)], object));
    if (i % 500 == 0) t->faults += slm_zone_reclaim(t->zone, 4, 1, NULL) != SLM_OK;
    if (i % 1000 == 0) {
      status = slm_zone_reserve(t->zone, 8, 16u << random_below(&self->random, 6), i % 2000 == 0 ? 20 : 0);
      t->faults += status != SLM_OK && status != SLM_ERR_OUT_OF_MEMORY;
    }
  }
  return NULL;
}

static void objects_wander_in_scarce_memory(void **state) {
  (void)state;
  static team t;
  static _Alignas(64) unsigned char storage[SLM_ZONE_STORAGE_SIZE + 4 * SLM_ZONE_CPU_STORAGE_SIZE];
  static unsigned char memory[SCARCE];
  uint64_t seed = suite_seed();
  for (size_t scarce = SCARCE / 4; scarce <= SCARCE; scarce *= 2) {
    memset(&t, 0, sizeof t);
    slm_region *region = slm_region_init(memory, scarce, 4096, NULL);
    assert_non_null(region);
    size_t pages = slm_region_available(region, 4096);
    slm_options options = per_cpu(4, slm_region_provider(region));
    assert_non_null(t.zone = slm_zone_init(storage, sizeof storage, &options, NULL));
    member members[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
      members[i] = (member){.team = &t, .random = seed + i};
      assert_int_equal(pthread_create(&members[i].thread, NULL, wander, &members[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(members[i].thread, NULL), 0);
    for (size_t i = 0; i < MAILBOXES; i++) free_mail(&t, t.mail[i]);
    assert_int_equal(t.faults, 0);
    if (scarce == SCARCE / 4) assert_true(t.refused > 0); /* or memory was not scarce */
    size_t live = SIZE_MAX;
    assert_ok(slm_zone_destroy(t.zone, &live));
    assert_int_equal(live, 0);
    assert_int_equal(slm_region_available(region, 4096), pages);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(storage_for_any_number_of_cpus),      cmocka_unit_test(each_cpu_has_its_own_pages),
      cmocka_unit_test(misuse_across_cpus_is_found),         cmocka_unit_test(any_call_takes_another_cpus_object),
      cmocka_unit_test(a_page_that_changes_hands),           cmocka_unit_test(a_cpu_without_memory_takes_from_another),
      cmocka_unit_test(a_batch_takes_from_another_cpu),      cmocka_unit_test(a_reserve_is_for_any_cpu),
      cmocka_unit_test(a_reserve_takes_empty_pages_of_cpus), cmocka_unit_test(reclaim_from_all_cpus),
      cmocka_unit_test(destroying_ends_all_cpus_zones),      cmocka_unit_test(objects_wander_in_scarce_memory),
  };
  return cmocka_run_group_tests_name("slm_zone CPUs", tests, NULL, NULL);
}
