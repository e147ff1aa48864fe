/* Operations that must be refused: pointers and layouts that are wrong. */
#ifndef ZONE_MISUSE_H
#define ZONE_MISUSE_H

#include "zone_model.h"

/** Every call that takes a pointer refuses this one. */
static void refused(unsigned char *pointer, slm_status want) {
  CHECK(slm_zone_deallocate(m.f.zone, pointer) == want);
  CHECK(slm_zone_deallocate_sized(m.f.zone, pointer, 40) == want);
  CHECK(slm_zone_resize(m.f.zone, pointer, 1) == want);
  CHECK(slm_zone_reallocate(m.f.zone, pointer, 41) == NULL);
  CHECK(slm_zone_usable_size(m.f.zone, pointer) == 0);
}

static void misuse_interior(void) {
  model_object *o = pick();
  size_t offset = next_word();
  if (o != NULL) refused(o->memory + 1 + offset % (o->usable - 1), SLM_ERR_INTERIOR_POINTER);
}

#ifdef SUITE_HARDENED
/** A byte behind the end is another than it was. */
static void misuse_overflow(void) {
  model_object *o = pick();
  if (o == NULL) return;
  o->memory[o->usable] ^= 0xFF;
  CHECK(slm_zone_deallocate(m.f.zone, o->memory) == SLM_ERR_OVERFLOW);
  CHECK(slm_zone_resize(m.f.zone, o->memory, 1) == SLM_ERR_OVERFLOW);
  CHECK(slm_zone_reallocate(m.f.zone, o->memory, 41) == NULL);
  o->memory[o->usable] ^= 0xFF;
  CHECK(model_intact(&m, o));
}
#endif

/** The page of what was freed may be another class's by now, or the provider's. */
static void misuse_freed(void) {
  if (m.last_freed == NULL || model_is_live(&m, m.last_freed)) return;
  slm_status status = slm_zone_deallocate(m.f.zone, m.last_freed);
  CHECK(status == SLM_ERR_DOUBLE_FREE || status == SLM_ERR_FOREIGN_POINTER || status == SLM_ERR_INTERIOR_POINTER);
  refused(m.last_freed, status);
}

static void misuse_layout(void) {
  model_object *o = pick();
  size_t size = next_size();
  if (o == NULL || o->alignment != 0) return;
  if (o->usable > SLM_MAX_SIZE) return; /* any size of the same pages is right */
  if (size > SLM_MAX_SIZE) {
    slm_status status = slm_zone_deallocate_sized(m.f.zone, o->memory, size);
    CHECK(status == SLM_ERR_INVALID_LAYOUT || status == SLM_ERR_LAYOUT_MISMATCH);
  } else if (slm_zone_good_size(m.f.zone, size) != o->usable && !has_stayed) {
    CHECK(slm_zone_deallocate_sized(m.f.zone, o->memory, size) == SLM_ERR_LAYOUT_MISMATCH);
  }
  CHECK(model_intact(&m, o));
}

static void misuse_foreign(void) {
  static unsigned char global[64];
  unsigned char local[64];
  size_t which = next_below(4), address = next_word();
  refused(which == 0   ? global
          : which == 1 ? local
          : which == 2 ? (void *)(address + 1)
                       : (void *)~address,
          SLM_ERR_FOREIGN_POINTER);
}

#endif
