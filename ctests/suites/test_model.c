/* Random operations against the reference model: a million for each base page size. */
#include "../support/model.h"

#define STEPS 1000000

static size_t random_size(model *m) {
  switch (random_below(&m->random, 32)) {
  case 0:
    return random_below(&m->random, (random_below(&m->random, 8) == 0 ? LARGEST : SLM_MAX_SIZE) + 1);
  case 1:
  case 2:
    return random_below(&m->random, 16384);
  case 3:
  case 4:
  case 5:
  case 6:
  case 7:
  case 8:
    return random_below(&m->random, 2049);
  default:
    return random_below(&m->random, 257);
  }
}

static size_t random_alignment(model *m) {
  return (size_t)1 << random_below(&m->random, random_below(&m->random, 50) == 0 ? 22 : 10);
}

/** NULL is right only while the provider has nothing. */
static void add_or_excuse(model *m, void *memory, size_t alignment, size_t size) {
  if (memory != NULL) model_add(m, memory, alignment, size);
  else MODEL_CHECK(m, m->f.provider.dry);
}

static void allocate_one(model *m) {
  size_t size = random_size(m), alignment = random_alignment(m);
  void *memory = NULL;
  switch (random_below(&m->random, 8)) {
  case 0:
    add_or_excuse(m, slm_zone_allocate_aligned(m->f.zone, alignment, size), alignment, size);
    break;
  case 1: {
    uint32_t flags = (uint32_t)random_below(&m->random, 2) * SLM_ZEROED;
    slm_status status = slm_zone_allocate_with(m->f.zone, alignment, size, flags, &memory);
    MODEL_CHECK(m, status == (memory != NULL ? SLM_OK : SLM_ERR_OUT_OF_MEMORY));
    if (memory != NULL && flags != 0) MODEL_CHECK(m, bytes_are(memory, size, 0));
    add_or_excuse(m, memory, alignment, size);
    break;
  }
  case 2:
    memory = slm_zone_allocate_zeroed(m->f.zone, size);
    if (memory != NULL) MODEL_CHECK(m, bytes_are(memory, size, 0));
    add_or_excuse(m, memory, 0, size);
    break;
  default:
    add_or_excuse(m, slm_zone_allocate(m->f.zone, size), 0, size);
  }
}

static void allocate_many(model *m) {
  void *memory[100];
  size_t size = random_size(m), want = random_below(&m->random, COUNT_OF(memory) + 1);
  if (want > MODEL_LIMIT - m->count) want = MODEL_LIMIT - m->count;
  size_t got = slm_zone_allocate_batch(m->f.zone, size, want, memory);
  MODEL_CHECK(m, got == want || (got < want && m->f.provider.dry));
  for (size_t i = 0; i < got; i++) model_add(m, memory[i], 0, size);
}

static void deallocate_one(model *m) {
  size_t index = random_below(&m->random, m->count);
  model_object *o = &m->objects[index];
  size_t natural = o->layout <= 8 ? 8 : 16;
  slm_status status = SLM_OK;
  MODEL_CHECK(m, model_intact(m, o));
  switch (random_below(&m->random, 4)) {
  case 0:
    status = slm_zone_deallocate(m->f.zone, o->memory);
    break;
  case 1:
    status = slm_zone_deallocate_aligned_sized(m->f.zone, o->memory, o->alignment ? o->alignment : natural, o->layout);
    break;
  default:
    status = o->alignment ? slm_zone_deallocate(m->f.zone, o->memory)
                          : slm_zone_deallocate_sized(m->f.zone, o->memory, o->layout);
  }
  MODEL_CHECK(m, status == SLM_OK);
  model_remove(m, index);
}

/** What a second deallocation of the first of these objects returns, as the last of a batch. Its slab may have gone
 * back meanwhile, and of large objects that ended, which have no slab, the zone knows the latest 8. */
static slm_status second_status(model *m, void **memory, size_t count) {
  size_t ended = 0; /* large ones, from the first object on */
  bool large = m->objects[m->count - 1].usable == LARGEST;
  for (size_t i = 0; i < count - 1; i++) ended += m->objects[m->count - 1 - i].usable == LARGEST;
  if (large) return ended <= 8 ? SLM_ERR_DOUBLE_FREE : SLM_ERR_FOREIGN_POINTER;
  return slm_zone_owns(m->f.zone, memory[0]) ? SLM_ERR_DOUBLE_FREE : SLM_ERR_FOREIGN_POINTER;
}

static void deallocate_many(model *m) {
  void *memory[100];
  size_t count = random_below(&m->random, COUNT_OF(memory)), done = 0, bad = 0;
  if (count > m->count) count = m->count;
  for (size_t i = 0; i < count; i++) {
    MODEL_CHECK(m, model_intact(m, &m->objects[m->count - 1 - i]));
    memory[i] = m->objects[m->count - 1 - i].memory;
  }
  /* The same object twice, now and then: the second is refused and the others go. */
  if (count > 2 && random_below(&m->random, 4) == 0) bad = 1;
  void *kept = count > 0 ? memory[count - 1] : NULL;
  if (bad) memory[count - 1] = memory[0];
  slm_status status = slm_zone_deallocate_batch(m->f.zone, memory, count, &done);
  MODEL_CHECK(m, done == count - bad);
  MODEL_CHECK(m, status == (bad ? second_status(m, memory, count) : SLM_OK));
  if (bad) MODEL_CHECK(m, slm_zone_deallocate(m->f.zone, kept) == SLM_OK);
  for (size_t i = 0; i < count; i++) model_remove(m, m->count - 1);
}

static void reallocate_one(model *m) {
  size_t index = random_below(&m->random, m->count), size = random_size(m);
  model_object before = m->objects[index];
  bool aligned = before.alignment != 0;
  MODEL_CHECK(m, model_intact(m, &before));
  void *memory = aligned ? slm_zone_reallocate_aligned(m->f.zone, before.memory, before.alignment, size)
                         : slm_zone_reallocate(m->f.zone, before.memory, size);
  if (memory == NULL) {
    MODEL_CHECK(m, m->f.provider.dry && size > before.usable); /* or it could stay */
    MODEL_CHECK(m, model_intact(m, &before));
    return;
  }
  size_t kept = size < before.size ? size : before.size;
  if (before.size > 2 * PATTERN_END && kept > PATTERN_END) kept = PATTERN_END; /* the start of a big object's pattern */
  MODEL_CHECK(m, pattern_holds(memory, kept, before.id));
  model_remove(m, index);
  model_add(m, memory, before.alignment, size);
}

static void resize_one(model *m) {
  model_object *o = &m->objects[random_below(&m->random, m->count)];
  size_t size = random_below(&m->random, 2) ? random_below(&m->random, o->usable + 2) : random_size(m);
  slm_status status = slm_zone_resize(m->f.zone, o->memory, size);
  MODEL_CHECK(m, status == (size <= o->usable ? SLM_OK : SLM_ERR_CANNOT_RESIZE));
  MODEL_CHECK(m, model_intact(m, o));
  if (status != SLM_OK) return;
  o->size = size;
  pattern_fill_ends(o->memory, size, o->id);
}

static void misuse(model *m) {
  slm_zone *zone = m->f.zone;
  void *out = m;
  char stranger[64];
  model_object *o = m->count > 0 ? &m->objects[random_below(&m->random, m->count)] : NULL;
  switch (random_below(&m->random, 6)) {
  case 5: /* written behind its end, and mended */
    if (o == NULL || CANARY == 0) return;
    unsigned char *behind = o->memory + o->usable + random_below(&m->random, CANARY + (CANARY == 0));
    unsigned char bit = (unsigned char)(1 << random_below(&m->random, 8));
    *behind ^= bit;
    MODEL_CHECK(m, slm_zone_deallocate(zone, o->memory) == SLM_ERR_OVERFLOW);
    MODEL_CHECK(m, slm_zone_reallocate(zone, o->memory, random_size(m)) == NULL);
    MODEL_CHECK(m, slm_zone_resize(zone, o->memory, 1) == SLM_ERR_OVERFLOW);
    *behind ^= bit;
    MODEL_CHECK(m, model_intact(m, o));
    return;
  case 0:
    if (o == NULL) return;
    size_t inside = 1 + random_below(&m->random, o->usable - 1);
    MODEL_CHECK(m, slm_zone_deallocate(zone, o->memory + inside) == SLM_ERR_INTERIOR_POINTER);
    MODEL_CHECK(m, slm_zone_reallocate(zone, o->memory + inside, random_size(m)) == NULL);
    MODEL_CHECK(m, slm_zone_usable_size(zone, o->memory + inside) == 0);
    return;
  case 1: {
    if (m->last_freed == NULL || model_is_live(m, m->last_freed)) return;
    slm_status status = slm_zone_deallocate(zone, m->last_freed);
    /* Its page may have been given back, or carved into other slots, since. */
    MODEL_CHECK(m, status == SLM_ERR_DOUBLE_FREE || status == SLM_ERR_FOREIGN_POINTER ||
                       status == SLM_ERR_INTERIOR_POINTER);
    return;
  }
  case 2:
    if (o == NULL || o->usable >= SLM_MAX_SIZE) return;
    MODEL_CHECK(m, slm_zone_deallocate_sized(zone, o->memory, o->usable + 1) == SLM_ERR_LAYOUT_MISMATCH);
    MODEL_CHECK(m, model_intact(m, o));
    return;
  case 3:
    MODEL_CHECK(m, slm_zone_deallocate(zone, stranger) == SLM_ERR_FOREIGN_POINTER);
    return;
  default:
    MODEL_CHECK(m, slm_zone_allocate_with(zone, 24, random_size(m), 0, &out) == SLM_ERR_INVALID_LAYOUT && out == NULL);
  }
}

static void move_pages(model *m) {
  slm_zone *zone = m->f.zone;
  test_provider *provider = &m->f.provider;
  switch (random_below(&m->random, 3)) {
  case 0: {
    slm_reclaimed out = {.struct_size = sizeof out};
    size_t base = random_below(&m->random, 20), large = random_below(&m->random, 3);
    size_t before[2] = {test_provider_out(provider, BASE), test_provider_out(provider, LARGE)};
    MODEL_CHECK(m, slm_zone_reclaim(zone, base, large, &out) == SLM_OK);
    MODEL_CHECK(m, out.base_pages <= base && out.large_pages <= large);
    MODEL_CHECK(m, before[BASE] - test_provider_out(provider, BASE) >= out.base_pages);
    MODEL_CHECK(m, before[LARGE] - test_provider_out(provider, LARGE) >= out.large_pages);
    return;
  }
  case 1: {
    size_t page_size = random_below(&m->random, 8) ? provider->base_page_size : SLM_LARGE_PAGE_SIZE;
    void *page = slm_zone_reclaim_page(zone, page_size);
    if (page == NULL) return;
    MODEL_CHECK(m, !slm_zone_owns(zone, page));
    test_provider_give_back(provider, page, page_size);
    return;
  }
  default: {
    size_t size = random_size(m), alignment = random_alignment(m);
    size_t page_size = slm_zone_page_size(zone, alignment, size);
    if ((size + CANARY + alignment - 1) / alignment * alignment > 131072) return; /* that would take a run */
    if (page_size == SLM_LARGE_PAGE_SIZE && random_below(&m->random, 8) != 0) return;
    void *page = test_provider_take(provider, page_size);
    /* A page that the client hands over needs no other, also while the provider has none. */
    MODEL_CHECK(m, slm_zone_refill(zone, alignment, size, page, page_size) == SLM_OK);
    MODEL_CHECK(m, slm_zone_refill(zone, alignment, size, page, page_size) == SLM_ERR_PAGE_OWNED);
  }
  }
}

static void random_operations(size_t base_page_size, uint64_t seed) {
  static model m;
  size_t target = 0;
  model_open(&m, base_page_size, seed);
  for (m.step = 0; m.step < STEPS; m.step++) {
    /* The number of live objects goes up and down, to none every now and then; so does the provider. */
    if (m.step % 4096 == 0) target = random_below(&m.random, 3) == 0 ? 0 : random_below(&m.random, MODEL_LIMIT);
    if (m.step % 1024 == 0) m.f.provider.dry = random_below(&m.random, 8) == 0;
    if (m.step % 64 == 0) model_check_statistics(&m);
    if (m.step % 8192 == 0) check_books(&m.f);
    size_t dice = random_below(&m.random, 1000);
    if (dice < 60) misuse(&m);
    else if (dice < 64) move_pages(&m);
    else if (dice < 70 && m.count < target) allocate_many(&m);
    else if (dice < 76) deallocate_many(&m);
    else if (dice < 180 && m.count > 0) reallocate_one(&m);
    else if (dice < 220 && m.count > 0) resize_one(&m);
    else if (m.count == 0 || (m.count < MODEL_LIMIT && (dice < 700) == (m.count < target))) allocate_one(&m);
    else deallocate_one(&m);
  }
  for (size_t i = 0; i < m.count; i++) MODEL_CHECK(&m, model_intact(&m, &m.objects[i]));
  model_close(&m);
}

static void with_4_kib_pages(void **state) { random_operations(4096, *(uint64_t *)*state); }

static void with_16_kib_pages(void **state) { random_operations(16384, *(uint64_t *)*state); }

static void with_64_kib_pages(void **state) { random_operations(65536, *(uint64_t *)*state); }

static int choose_seed(void **state) {
  static uint64_t seed;
  seed = suite_seed();
  *state = &seed;
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with_4_kib_pages),
      cmocka_unit_test(with_16_kib_pages),
      cmocka_unit_test(with_64_kib_pages),
  };
  return cmocka_run_group_tests_name(PROFILE_NAME FAMILY " model", tests, choose_seed, NULL);
}
