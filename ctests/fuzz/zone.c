/* Programs of zone calls against the reference model of the suites: which objects live, where, what is in them, and
 * which status a call must have. SUITE_ANY_THREAD, SUITE_PER_CPU and SUITE_HARDENED choose the kind of zones, as in the
 * suites. */
#include "zone_misuse.h"
#include "zone_objects.h"
#include "zone_pages.h"

static void look(void) {
  model_object *o = pick();
  size_t size = next_size();
  check_books(&m.f);
  model_check_statistics(&m);
  CHECK((slm_zone_good_size(m.f.zone, size) >= size) == is_layout(1, size));
  slm_statistics small = {.struct_size = 8};
  CHECK(slm_zone_statistics(m.f.zone, &small) == SLM_ERR_INVALID_ARGUMENT);
  slm_class_statistics class = {.struct_size = sizeof class};
  CHECK(slm_zone_class_statistics(m.f.zone, 1000 + size, &class) == SLM_ERR_INVALID_ARGUMENT);
  if (o == NULL) return;
  CHECK(slm_zone_owns(m.f.zone, o->memory) && slm_zone_owns(m.f.zone, o->memory + o->usable - 1));
  CHECK(model_intact(&m, o));
}

/* An operation is one byte, its lower 5 bits. Only ever add at the end: seeds are programs. */
static const operation operations[] = {
    allocate,
    allocate,
    allocate,
    allocate,
    allocate_aligned,
    allocate_with,
    allocate_zeroed,
    allocate_batch,
    deallocate_plain,
    deallocate_plain,
    deallocate_plain,
    deallocate_sized,
    deallocate_sized,
    deallocate_batch,
    deallocate_aligned_sized,
    reallocate_plain,
    reallocate_plain,
    resize,
    misuse_interior,
    misuse_freed,
    reallocate_aligned,
    misuse_layout,
    misuse_foreign,
    reclaim,
    reclaim_page,
    refill_page,
    set_up_fault,
    set_up_fault,
    look,
    reserve,
#ifdef SUITE_HARDENED
    misuse_overflow,
#endif
};

static void step(void) {
  calls_before = m.f.provider.calls;
  odd_before = m.f.provider.next_page != NULL;
  operation_of(operations, COUNT_OF(operations), next_byte())();
  if (promise.slot != 0 && live_of(promise.slot) < promise.fewest) promise.fewest = live_of(promise.slot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  program_start(data, size);
  uint8_t how = next_byte();
  size_t page_size = (size_t)4096 << 2 * (how % 3);
  memset(&m, 0, sizeof m);
  has_stayed = false;
  memset(&promise, 0, sizeof promise);
  push = (how & 4) != 0;
  if (push) open_push(&m.f, page_size);
  else open_pull(&m.f, page_size);
  m.f.provider.careless = (how & 8) == 0;
  m.f.provider.poison = (how & 16) != 0;
  m.map = calloc(ARENA_SIZE / MODEL_GRANULE / 64, sizeof *m.map);
  FUZZ_CHECK(m.map != NULL);
  while (program.at < program.size) step();
  m.f.provider.next_page = NULL;
  for (size_t i = 0; i < m.count; i++) CHECK(model_intact(&m, &m.objects[i]));
  model_check_statistics(&m);
  model_close(&m);
  return 0;
}
