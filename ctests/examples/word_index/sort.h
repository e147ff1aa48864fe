/* Merge sort of a list of words: needs no memory, so that a big index sorts too. */
#ifndef WORD_INDEX_SORT_H
#define WORD_INDEX_SORT_H

#include "index.h"

typedef int (*word_order)(const struct word *a, const struct word *b);

static inline int by_text(const struct word *a, const struct word *b) { return text_compare(a->text, b->text); }

/* The most frequent first, words of the same count by text. */
static inline int by_count(const struct word *a, const struct word *b) {
  if (a->count != b->count) return a->count > b->count ? -1 : 1;
  return by_text(a, b);
}

static inline struct word *words_merge(struct word *a, struct word *b, word_order order) {
  struct word *head = NULL, **tail = &head;
  while (a != NULL && b != NULL) {
    struct word **first = order(a, b) <= 0 ? &a : &b;
    *tail = *first;
    tail = &(*tail)->next;
    *first = *tail;
  }
  *tail = a != NULL ? a : b;
  return head;
}

static inline struct word *words_sort(struct word *list, word_order order) {
  /* runs[i] is NULL or a sorted list of 2^i words: a binary counter of lists. */
  struct word *runs[64] = {NULL};
  while (list != NULL) {
    struct word *run = list;
    list = list->next;
    run->next = NULL;
    size_t i = 0;
    for (; runs[i] != NULL; i++) {
      run = words_merge(runs[i], run, order);
      runs[i] = NULL;
    }
    runs[i] = run;
  }
  struct word *sorted = NULL;
  for (size_t i = 0; i < 64; i++) sorted = words_merge(runs[i], sorted, order);
  return sorted;
}

#endif
