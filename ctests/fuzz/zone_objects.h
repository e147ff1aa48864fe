/* Operations on objects: they come, go and change their size. */
#ifndef ZONE_OBJECTS_H
#define ZONE_OBJECTS_H

#include "zone_model.h"

static void allocate(void) {
  size_t size = next_size();
  if (room(1)) added(slm_zone_allocate(m.f.zone, size), 0, size);
}

static void allocate_zeroed(void) {
  size_t size = next_size();
  if (!room(1)) return;
  void *memory = slm_zone_allocate_zeroed(m.f.zone, size);
  CHECK(memory == NULL || bytes_are(memory, size, 0));
  added(memory, 0, size);
}

static void allocate_aligned(void) {
  size_t alignment = next_alignment(), size = next_size();
  if (!room(1)) return;
  void *memory = slm_zone_allocate_aligned(m.f.zone, alignment, size);
  if (!is_layout(alignment, size)) CHECK(memory == NULL);
  else added(memory, alignment, size);
}

/** The status says why not. */
static void allocate_with(void) {
  size_t alignment = next_alignment(), size = next_size();
  uint32_t flags = (uint32_t)next_below(8);
  void *memory = &m;
  if (!room(1)) return;
  slm_status status = slm_zone_allocate_with(m.f.zone, alignment, size, flags, &memory);
  bool wrong_flags = (flags & ~(SLM_ZEROED | SLM_NOWAIT)) != 0, waits = (flags & SLM_NOWAIT) == 0;
  if (!waits) CHECK(m.f.provider.calls == calls_before);
  if (wrong_flags || !is_layout(alignment, size)) {
    CHECK(status == SLM_ERR_INVALID_ARGUMENT || status == SLM_ERR_INVALID_LAYOUT);
    CHECK(status == SLM_ERR_INVALID_LAYOUT ? !is_layout(alignment, size) : wrong_flags);
    CHECK(memory == NULL);
  } else if (status == SLM_OK) {
    CHECK((flags & SLM_ZEROED) == 0 || bytes_are(memory, size, 0));
    added(memory, alignment, size);
  } else {
    CHECK(memory == NULL);
    CHECK(alignment > 8 || !promised(size));
    CHECK(status == SLM_ERR_OUT_OF_MEMORY ? excused() || !waits
                                          : odd_before && (status == SLM_ERR_BAD_PAGE || status == SLM_ERR_PAGE_OWNED));
  }
}

static void allocate_batch(void) {
  void *memory[40];
  size_t size = next_size(), want = next_below(COUNT_OF(memory) + 1);
  if (!room(want)) return;
  size_t got = slm_zone_allocate_batch(m.f.zone, size, want, memory);
  CHECK(got == want || !is_layout(1, size) || (got < want && excused()));
  CHECK(got == 0 || is_layout(1, size));
  for (size_t i = 0; i < got; i++) model_add(&m, memory[i], 0, size);
}

static size_t natural(const model_object *o) { return o->alignment ? o->alignment : o->layout <= 8 ? 8 : 16; }

/** How: plainly, with its size, with its alignment and size. */
static void deallocate(size_t how) {
  model_object *o = pick();
  if (o == NULL) return;
  CHECK(model_intact(&m, o));
  slm_status status;
  if (how == 1 && o->alignment == 0) status = slm_zone_deallocate_sized(m.f.zone, o->memory, o->layout);
  else if (how == 2) status = slm_zone_deallocate_aligned_sized(m.f.zone, o->memory, natural(o), o->layout);
  else status = slm_zone_deallocate(m.f.zone, o->memory);
  CHECK(status == SLM_OK);
  model_remove(&m, (size_t)(o - m.objects));
}

/** The objects allocated last; with NULLs, and perhaps one of them twice, between them. */
static void deallocate_batch(void) {
  void *memory[42];
  size_t count = next_below(40), twice = next_below(4), given = 0, done = 0;
  if (count > m.count) count = m.count;
  for (size_t i = 0; i < count; i++) {
    CHECK(model_intact(&m, &m.objects[m.count - 1 - i]));
    memory[given++] = m.objects[m.count - 1 - i].memory;
    if (i == 0) memory[given++] = twice == 0 ? memory[0] : NULL;
  }
  slm_status status = slm_zone_deallocate_batch(m.f.zone, memory, given, &done);
  CHECK(done == count);
  bool is_double = count > 0 && twice == 0;
  /* The first of the two may have given its pages back: a large object's, or those of one empty slab too many. */
  bool is_gone = is_double && !slm_zone_owns(m.f.zone, memory[0]);
  CHECK(status == (is_double ? SLM_ERR_DOUBLE_FREE : SLM_OK) || (is_gone && status == SLM_ERR_FOREIGN_POINTER));
  for (size_t i = 0; i < count; i++) model_remove(&m, m.count - 1);
}

static void reallocate(bool aligned) {
  model_object *o = pick();
  size_t size = next_size();
  if (o == NULL) {
    if (room(1)) added(slm_zone_reallocate(m.f.zone, NULL, size), 0, size);
    return;
  }
  model_object before = *o;
  size_t alignment = aligned ? natural(o) : 0, index = (size_t)(o - m.objects);
  if (o->alignment != 0 && !aligned) return; /* it would lose its alignment */
  CHECK(model_intact(&m, o));
  void *memory = aligned ? slm_zone_reallocate_aligned(m.f.zone, o->memory, alignment, size)
                         : slm_zone_reallocate(m.f.zone, o->memory, size);
  if (memory == NULL) {
    CHECK(!is_layout(1, size) || excused());
    CHECK(model_intact(&m, &before));
    return;
  }
  has_stayed |= memory == before.memory && slm_zone_good_size(m.f.zone, size) < before.usable;
  size_t kept = size < before.size ? size : before.size;
  if (before.size > 2 * PATTERN_END && kept > PATTERN_END) kept = PATTERN_END; /* the start of a big object's pattern */
  CHECK(pattern_holds(memory, kept, before.id));
  model_remove(&m, index);
  model_add(&m, memory, alignment, size);
}

static void resize(void) {
  model_object *o = pick();
  size_t size = next_size();
  if (o == NULL) return;
  slm_status status = slm_zone_resize(m.f.zone, o->memory, size);
  if (!is_layout(1, size)) CHECK(status == SLM_ERR_CANNOT_RESIZE || status == SLM_ERR_INVALID_LAYOUT);
  else CHECK(status == (size <= o->usable ? SLM_OK : SLM_ERR_CANNOT_RESIZE));
  CHECK(model_intact(&m, o));
  if (status != SLM_OK) return;
  o->size = size;
  pattern_fill_ends(o->memory, size, o->id);
}

static void deallocate_plain(void) { deallocate(0); }
static void deallocate_sized(void) { deallocate(1); }
static void deallocate_aligned_sized(void) { deallocate(2); }
static void reallocate_plain(void) { reallocate(false); }
static void reallocate_aligned(void) { reallocate(true); }

#endif
