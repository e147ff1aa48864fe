/* For programs that misuse a zone, or another part of the API that answers with a status: each prints the status that
 * it must get in the profile it runs in, then what it got, and proves that nothing else changed. */
#ifndef ZONE_H
#define ZONE_H

#include "outcome.h"

#include <slabmalloc.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(status) expect_text(#status)

/** The profile fast does not look at sizes and alignments: there the object is freed. */
#define EXPECT_UNLESS_FAST(status) expect_text(is_fast() ? "SLM_OK" : #status)

static inline void answer(slm_status status) { answer_text(slm_status_name(status)); }

/** Ends the program, which is then not as expected. */
static inline void require(bool condition) {
  if (!condition) exit(2);
}

/** Hides from the compiler what a pointer is. */
static inline void *opaque(void *pointer) {
  __asm__ volatile("" : "+r"(pointer)::"memory");
  return pointer;
}

static slm_zone_storage zone_storage;
__attribute__((unused)) static slm_zone_storage other_storage;

/** Those of the profile. */
static inline slm_options options_with(slm_page_provider provider) {
  slm_options options = *SLM_OPTIONS(provider);
  options.flags = is_fast() ? SLM_FAST : is_hardened() ? SLM_HARDENED : 0;
  return options;
}

/** The same for a zone that several threads use. */
static inline slm_options shared_options(uint32_t threads, uint32_t cpu_count, slm_page_provider provider) {
  slm_options options = options_with(provider);
  options.threads = threads;
  options.cpu_count = cpu_count;
  return options;
}

static inline slm_zone *make_zone_in(slm_zone_storage *storage, slm_page_provider provider) {
  slm_options options = options_with(provider);
  slm_zone *zone = slm_zone_init(storage, sizeof *storage, &options, NULL);
  require(zone != NULL);
  return zone;
}

static inline slm_zone *make_zone(void) { return make_zone_in(&zone_storage, slm_mmap_provider()); }

/** An object of 64 bytes with a pattern, amid others; some of them are free. */
static inline char *make_object(slm_zone *zone) {
  char *objects[12];
  for (int i = 0; i < 12; i++) {
    objects[i] = slm_zone_allocate(zone, 64);
    require(objects[i] != NULL);
    memset(objects[i], i, 64);
  }
  require(slm_zone_deallocate(zone, objects[2]) == SLM_OK && slm_zone_deallocate(zone, objects[9]) == SLM_OK);
  return objects[5];
}

/** The zone has as many live objects as it should have, and serves more. */
static inline int works_on(slm_zone *zone, size_t want) {
  size_t live = 0;
  for (size_t size = 8; size <= SLM_MAX_SIZE; size = size * 3 / 2) {
    char *objects[4];
    for (int i = 0; i < 4; i++) {
      objects[i] = slm_zone_allocate(zone, size);
      if (objects[i] == NULL) return 3;
      memset(objects[i], i, size);
    }
    for (int i = 0; i < 4; i++) {
      if (objects[i][0] != i || objects[i][size - 1] != i) return 4;
      if (slm_zone_deallocate_sized(zone, objects[i], size) != SLM_OK) return 5;
    }
  }
  if (slm_zone_destroy(zone, &live) != SLM_OK) return 6;
  return live == want ? 0 : 7;
}

/** Bytes from an object of a size to the next one: in a hardened zone a slot ends with a canary. */
static inline size_t slot_size(slm_zone *zone, void *object) {
  return slm_zone_usable_size(zone, object) + (is_hardened() ? 8 : 0);
}

/** Objects of make_object() that stay live. */
enum { MADE = 10 };

/** A provider of the program's own: a few pages, and a hook. */
static struct {
  _Alignas(65536) unsigned char pages[64][4096];
  size_t given;
  void (*hook)(void); /* runs once, in the next call for a page */
  void *next;         /* is given instead of the next page */
} own;

static inline void *own_allocate(void *context, size_t page_size) {
  (void)context;
  void (*hook)(void) = own.hook;
  void *next = own.next;
  own.hook = NULL;
  own.next = NULL;
  if (hook != NULL) hook();
  if (next != NULL) return next;
  return page_size != 4096 || own.given == 64 ? NULL : own.pages[own.given++];
}

static inline void own_release(void *context, void *page, size_t page_size) {
  (void)context, (void)page, (void)page_size;
}

static inline slm_page_provider own_provider(void) {
  return (slm_page_provider){.struct_size = sizeof(slm_page_provider),
                             .page_size = 4096,
                             .allocate_page = own_allocate,
                             .release_page = own_release};
}

/** As works_on(), for a zone of the program's own provider, which has small pages only. */
static inline int small_works_on(slm_zone *zone) {
  for (size_t size = 8; size <= 512; size *= 2) {
    char *object = slm_zone_allocate(zone, size);
    if (object == NULL) return 3;
    memset(object, 1, size);
    if (slm_zone_deallocate(zone, object) != SLM_OK) return 4;
  }
  return slm_zone_destroy(zone, NULL) == SLM_OK ? 0 : 5;
}

/** Fills a page of the program's own with objects; returns that in its last slot. */
static inline char *fill_page(slm_zone *zone, size_t size) {
  char *first = slm_zone_allocate(zone, size), *last = first;
  require(first != NULL);
  size_t slot = slot_size(zone, first), in_page = 1;
  char *page = (char *)((uintptr_t)first & ~(uintptr_t)4095);
  for (size_t slots = (4096 - 64 - 24) / slot; in_page < slots; in_page++) {
    char *next = slm_zone_allocate(zone, size);
    require(next != NULL && ((uintptr_t)next & ~(uintptr_t)4095) == (uintptr_t)page);
    if (next > last) last = next;
  }
  return last;
}

/** Where the words of an object's page end: its last 64 bytes are the descriptor. */
static inline char *words_end(char *object) { return (char *)((uintptr_t)object | 4095) + 1 - 64; }

/** What becomes of objects of 64 bytes that fill the zone until a freed one is handed out again: SLM_OK, or the first
 * error. */
static inline slm_status allocate_again(slm_zone *zone, void *freed) {
  void *next = NULL;
  slm_status status = SLM_OK;
  while (status == SLM_OK && next != freed) status = slm_zone_allocate_with(zone, 8, 64, 0, &next);
  return status;
}

#endif
