/* The index: a chained hash table of words that lives in a zone.
 *
 *   segments -> [ 0 ][ 1 ][ 2 ] ...      doubled with slm_zone_reallocate
 *                 |    |
 *                 |    +-> 512 buckets   slm_zone_allocate_zeroed
 *                 +-> 512 buckets -> word -> word
 *                                      |
 *                                      +-> piece -> piece
 *
 * Bucket arrays are cut into segments because a big file needs more buckets
 * than fit into SLM_MAX_SIZE. Bucket i of a table of n buckets splits into the
 * buckets i and i + n of one of 2n, so growing moves words but copies none.
 */
#ifndef WORD_INDEX_INDEX_H
#define WORD_INDEX_INDEX_H

#include "text.h"
#include <stdbool.h>

struct word {
  struct word *next;
  uint64_t hash;
  uint64_t count;
  struct piece *text;
};

enum { SEGMENT_BUCKETS = 512, SEGMENT_SIZE = SEGMENT_BUCKETS * sizeof(struct word *) };
static const uint64_t SEGMENTS_MAX = SLM_MAX_SIZE / sizeof(struct word **);

struct index {
  slm_zone *zone;
  struct word ***segments;
  uint64_t segment_count;
  uint64_t word_count;
};

static inline uint64_t index_bucket_count(const struct index *index) { return index->segment_count * SEGMENT_BUCKETS; }

static inline struct word **index_bucket(const struct index *index, uint64_t number) {
  return &index->segments[number / SEGMENT_BUCKETS][number % SEGMENT_BUCKETS];
}

/* The size of the directory of that many segments. A small index never needs to grow it. */
static inline size_t index_directory_size(uint64_t segments) {
  return (segments < 64 ? 64 : segments) * sizeof(struct word **);
}

static inline bool index_init(struct index *index, slm_zone *zone) {
  *index = (struct index){.zone = zone, .segments = slm_zone_allocate(zone, index_directory_size(1))};
  if (index->segments == NULL) return false;
  index->segments[0] = slm_zone_allocate_zeroed(zone, SEGMENT_SIZE);
  index->segment_count = index->segments[0] != NULL;
  return index->segment_count == 1;
}

/* Doubles the buckets. On failure the index is as it was. */
static inline bool index_grow(struct index *index) {
  uint64_t old_count = index->segment_count;
  struct word ***segments = slm_zone_reallocate(index->zone, index->segments, index_directory_size(2 * old_count));
  if (segments == NULL) return false;
  index->segments = segments;
  for (uint64_t i = old_count; i < 2 * old_count; i++) {
    segments[i] = slm_zone_allocate_zeroed(index->zone, SEGMENT_SIZE);
    if (segments[i] == NULL) {
      while (i-- > old_count) slm_zone_deallocate(index->zone, segments[i]);
      return false;
    }
  }
  uint64_t old_buckets = index_bucket_count(index);
  index->segment_count = 2 * old_count;
  for (uint64_t i = 0; i < old_buckets; i++) {
    struct word **stay = index_bucket(index, i), **move = index_bucket(index, i + old_buckets);
    for (struct word *word = *stay; word != NULL; word = *stay) {
      if ((word->hash & old_buckets) == 0) {
        stay = &word->next;
      } else {
        *stay = word->next;
        word->next = *move;
        *move = word;
      }
    }
  }
  return true;
}

/* The word of that text, or NULL. */
static inline struct word *index_find(const struct index *index, uint64_t hash, const struct piece *text) {
  struct word *word = *index_bucket(index, hash & (index_bucket_count(index) - 1));
  while (word != NULL && (word->hash != hash || text_compare(word->text, text) != 0)) word = word->next;
  return word;
}

/* Adds a word that the index doesn't hold. It takes the text over; NULL if out of memory. */
static inline struct word *index_insert(struct index *index, uint64_t hash, struct piece *text) {
  struct word *word = slm_zone_allocate(index->zone, sizeof *word);
  if (word == NULL) return NULL;
  /* More words than buckets: grow. A full table, or one that can't grow, has longer chains and still works. */
  if (index->word_count >= index_bucket_count(index) && index->segment_count < SEGMENTS_MAX) index_grow(index);
  struct word **bucket = index_bucket(index, hash & (index_bucket_count(index) - 1));
  *word = (struct word){.next = *bucket, .hash = hash, .text = text};
  *bucket = word;
  index->word_count++;
  return word;
}

/* Takes every word out of the buckets, as one list. */
static inline struct word *index_take_all(struct index *index) {
  struct word *list = NULL;
  for (uint64_t i = 0; i < index_bucket_count(index); i++) {
    struct word **bucket = index_bucket(index, i);
    while (*bucket != NULL) {
      struct word *word = *bucket;
      *bucket = word->next;
      word->next = list;
      list = word;
    }
  }
  return list;
}

#endif
