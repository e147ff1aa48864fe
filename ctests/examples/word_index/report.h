/* What is printed: words, the zone's statistics, the provider's ledger. */
#ifndef WORD_INDEX_REPORT_H
#define WORD_INDEX_REPORT_H

#include "index.h"
#include <inttypes.h>

/* Every word, in the form of `uniq -c`. */
static inline void print_counts(const struct word *words) {
  for (; words != NULL; words = words->next) {
    printf("%7" PRIu64 " ", words->count);
    text_print(words->text);
    putchar('\n');
  }
}

/* The first words, with a bar in proportion to the count. */
static inline void print_top(const struct word *words, uint64_t limit) {
  enum { WIDTH = 24, BAR = 40 };
  uint64_t most = words == NULL ? 1 : words->count;
  for (; words != NULL && limit > 0; words = words->next, limit--) {
    const struct piece *text = words->text;
    bool cut = text->length > WIDTH;
    int shown = cut ? WIDTH - 3 : (int)text->length;
    printf("%12" PRIu64 "  %.*s%-*s  ", words->count, shown, text->letters, WIDTH - shown, cut ? "..." : "");
    int bar = (int)((double)words->count / (double)most * BAR + 0.5);
    for (int i = 0; i < bar || i == 0; i++) putchar('#');
    putchar('\n');
  }
}

static inline double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static inline void print_objects(const char *what, uint64_t slabs, uint64_t objects, uint64_t bytes) {
  printf("%10s %8" PRIu64 " %12" PRIu64 " %14" PRIu64 "\n", what, slabs, objects, bytes);
}

/* The size classes in use as a table, and what the zone holds. False if its statistics contradict each other. */
static inline bool print_zone(const slm_zone *zone, uint64_t base_page_size) {
  slm_statistics all = {.struct_size = sizeof all};
  if (slm_zone_statistics(zone, &all) != SLM_OK) return false;
  uint64_t slabs = 0, slots = all.objects_large, bytes = all.bytes_large;
  printf("%10s %8s %12s %14s\n", "slot size", "slabs", "slots live", "bytes live");
  for (uint32_t i = 0; i < all.class_count; i++) {
    slm_class_statistics one = {.struct_size = sizeof one};
    if (slm_zone_class_statistics(zone, i, &one) != SLM_OK) return false;
    if (one.pages == 0) continue;
    char slot_size[16];
    snprintf(slot_size, sizeof slot_size, "%" PRIu32, one.slot_size);
    print_objects(slot_size, one.pages, one.slots_live, one.slots_live * one.slot_size);
    slabs += one.pages;
    slots += one.slots_live;
    bytes += one.slots_live * one.slot_size;
  }
  /* Each of these has a run of pages of its own. */
  if (all.objects_large > 0) print_objects("large", 0, all.objects_large, all.bytes_large);
  print_objects("total", slabs, slots, bytes);
  uint64_t base_pages = all.base_pages_taken - all.base_pages_given_back;
  uint64_t large_pages = all.large_pages_taken - all.large_pages_given_back;
  printf("\nHeld: %" PRIu64 " pages, %" PRIu64 " of them for the zone's own tables; %.1f %% of their bytes are live\n",
         base_pages + large_pages, all.table_pages, percent(all.bytes_live, all.bytes_held));
  return slots == all.slots_live && bytes == all.bytes_live && bytes <= all.bytes_held &&
         all.bytes_held == base_pages * base_page_size + large_pages * SLM_LARGE_PAGE_SIZE;
}

/* What the provider gave and got between two looks at its ledger. */
static inline slm_provider_statistics ledger_since(slm_provider_statistics before, slm_provider_statistics now) {
  now.base_pages_taken -= before.base_pages_taken;
  now.base_pages_given_back -= before.base_pages_given_back;
  now.large_pages_taken -= before.large_pages_taken;
  now.large_pages_given_back -= before.large_pages_given_back;
  return now;
}

static inline bool ledger_closes(const slm_provider_statistics *ledger) {
  return ledger->base_pages_taken == ledger->base_pages_given_back &&
         ledger->large_pages_taken == ledger->large_pages_given_back;
}

static inline void print_ledger(const slm_provider_statistics *ledger) {
  const char *verdict = ledger_closes(ledger) ? "the ledger closes" : "THE LEDGER DOES NOT CLOSE";
  printf("%10s %12s %12s\n", "", "base pages", "large pages");
  printf("%10s %12" PRIu64 " %12" PRIu64 "\n", "in", ledger->base_pages_taken, ledger->large_pages_taken);
  printf("%10s %12" PRIu64 " %12" PRIu64 "   %s\n", "out", ledger->base_pages_given_back,
         ledger->large_pages_given_back, verdict);
}

#endif
