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

static inline const char *page_name(uint64_t size) {
  static char name[32];
  bool mebi = size >= 1024 * 1024;
  snprintf(name, sizeof name, "%" PRIu64 " %s", mebi ? size / (1024 * 1024) : size / 1024, mebi ? "MiB" : "KiB");
  return name;
}

static inline double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

/* Sums over the rows of the table. */
struct totals {
  uint64_t base_pages;
  uint64_t large_pages;
  uint64_t slots;
  uint64_t bytes;
  uint64_t page_bytes;
};

static inline void print_pages(const char *what, uint64_t page_size, uint64_t pages, struct totals *totals) {
  *(page_size == SLM_LARGE_PAGE_SIZE ? &totals->large_pages : &totals->base_pages) += pages;
  totals->page_bytes += pages * page_size;
  printf("%10s %10s %8" PRIu64, what, page_name(page_size), pages);
}

static inline void print_class(const slm_class_statistics *one, struct totals *totals) {
  char slot_size[16];
  snprintf(slot_size, sizeof slot_size, "%" PRIu32, one->slot_size);
  print_pages(slot_size, one->page_size, one->pages, totals);
  uint64_t bytes = one->slots_live * one->slot_size;
  printf(" %12" PRIu64 " %14" PRIu64 " %8.1f\n", one->slots_live, bytes, percent(bytes, one->pages * one->page_size));
  totals->slots += one->slots_live;
  totals->bytes += bytes;
}

/* The size classes in use as a table. False if their sums differ from what the zone says of itself. */
static inline bool print_zone(const slm_zone *zone, uint64_t base_page_size) {
  slm_statistics all = {.struct_size = sizeof all};
  struct totals totals = {0};
  if (slm_zone_statistics(zone, &all) != SLM_OK) return false;
  printf("%10s %10s %8s %12s %14s %8s\n", "slot size", "page size", "pages", "slots live", "bytes live", "fill %");
  for (uint32_t i = 0; i < all.class_count; i++) {
    slm_class_statistics one = {.struct_size = sizeof one};
    if (slm_zone_class_statistics(zone, i, &one) != SLM_OK) return false;
    if (one.pages > 0) print_class(&one, &totals);
  }
  /* What no class holds, the zone uses to find its pages. */
  uint64_t base_tables = all.base_pages_taken - all.base_pages_given_back - totals.base_pages;
  uint64_t large_tables = all.large_pages_taken - all.large_pages_given_back - totals.large_pages;
  if (base_tables + large_tables != all.table_pages) return false;
  if (base_tables > 0) {
    print_pages("page table", base_page_size, base_tables, &totals);
    putchar('\n');
  }
  if (large_tables > 0) {
    print_pages("page table", SLM_LARGE_PAGE_SIZE, large_tables, &totals);
    putchar('\n');
  }
  printf("%10s %10s %8" PRIu64 " %12" PRIu64 " %14" PRIu64 " %8.1f\n", "total", "",
         totals.base_pages + totals.large_pages, totals.slots, totals.bytes, percent(totals.bytes, totals.page_bytes));
  return totals.slots == all.slots_live && totals.bytes == all.bytes_live;
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
