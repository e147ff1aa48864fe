/* The text of a word: a list of pieces, each from the zone.
 *
 * All but the last are full, so equal texts are cut at equal places. A word of
 * a natural language is one piece; a run of a million letters is many.
 */
#ifndef WORD_INDEX_TEXT_H
#define WORD_INDEX_TEXT_H

#include <slabmalloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct piece {
  struct piece *next;
  uint32_t length;
  char letters[];
};

/* A full piece takes a slot of 4096 bytes. */
enum { PIECE_SIZE = 4096, PIECE_LETTERS = PIECE_SIZE - offsetof(struct piece, letters) };

/* In the order of strcmp: by letter, then the shorter first. */
static inline int text_compare(const struct piece *a, const struct piece *b) {
  for (;;) {
    uint32_t common = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->letters, b->letters, common);
    if (order != 0) return order;
    if (a->length != b->length) return a->length < b->length ? -1 : 1;
    a = a->next;
    b = b->next;
    if (a == NULL || b == NULL) return (a != NULL) - (b != NULL);
  }
}

static inline void text_print(const struct piece *text) {
  for (; text != NULL; text = text->next) fwrite(text->letters, 1, text->length, stdout);
}

/* Gives all pieces back to the zone. */
static inline void text_destroy(slm_zone *zone, struct piece *text) {
  while (text != NULL) {
    struct piece *next = text->next;
    slm_zone_deallocate(zone, text);
    text = next;
  }
}

#endif
