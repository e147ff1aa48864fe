/* Reads a file in chunks and puts its words into an index. */
#ifndef WORD_INDEX_READER_H
#define WORD_INDEX_READER_H

#include "index.h"

enum read_result { READ_OK, READ_FILE_ERROR, READ_OUT_OF_MEMORY };

/* The word being read: its full pieces, and a scratch piece for the letters after them. */
struct reader {
  struct index *index;
  struct piece *full;
  struct piece **full_end;
  struct piece *scratch;
  uint64_t hash;
  uint64_t bytes;
  uint64_t words;
};

static const uint64_t HASH_START = 14695981039346656037u, HASH_FACTOR = 1099511628211u; /* FNV-1a */

static inline void reader_start_word(struct reader *reader) {
  reader->full = NULL;
  reader->full_end = &reader->full;
  reader->scratch->length = 0;
  reader->hash = HASH_START;
}

static inline bool reader_init(struct reader *reader, struct index *index) {
  *reader = (struct reader){.index = index, .scratch = slm_zone_allocate(index->zone, PIECE_SIZE)};
  if (reader->scratch == NULL) return false;
  reader->scratch->next = NULL;
  reader_start_word(reader);
  return true;
}

static inline bool reader_letter(struct reader *reader, char letter) {
  if (reader->scratch->length == PIECE_LETTERS) {
    struct piece *scratch = slm_zone_allocate(reader->index->zone, PIECE_SIZE);
    if (scratch == NULL) return false;
    *reader->full_end = reader->scratch;
    reader->full_end = &reader->scratch->next;
    *scratch = (struct piece){.next = NULL, .length = 0};
    reader->scratch = scratch;
  }
  reader->scratch->letters[reader->scratch->length++] = letter;
  reader->hash = (reader->hash ^ (unsigned char)letter) * HASH_FACTOR;
  return true;
}

/* Counts the word that ends here, if there is one. */
static inline bool reader_end_word(struct reader *reader) {
  slm_zone *zone = reader->index->zone;
  struct piece *scratch = reader->scratch;
  if (scratch->length == 0) return true;
  *reader->full_end = scratch;
  struct word *word = index_find(reader->index, reader->hash, reader->full);
  *reader->full_end = NULL;
  if (word != NULL) {
    text_destroy(zone, reader->full);
  } else {
    /* A new word keeps its full pieces, and a copy of the scratch piece that fits. */
    size_t size = offsetof(struct piece, letters) + scratch->length;
    struct piece *last = slm_zone_allocate(zone, size);
    if (last == NULL) return false;
    memcpy(last, scratch, size);
    *reader->full_end = last;
    word = index_insert(reader->index, reader->hash, reader->full);
    if (word == NULL) return false;
  }
  word->count++;
  reader->words++;
  reader_start_word(reader);
  return true;
}

/* The C locale's letters, whatever locale is set; 0 for any other byte. */
static inline char lower_case_letter(unsigned char byte) {
  if (byte >= 'a' && byte <= 'z') return (char)byte;
  if (byte >= 'A' && byte <= 'Z') return (char)(byte - 'A' + 'a');
  return 0;
}

static inline enum read_result reader_read(struct reader *reader, FILE *file) {
  static unsigned char chunk[64 * 1024];
  size_t size;
  while ((size = fread(chunk, 1, sizeof chunk, file)) > 0) {
    reader->bytes += size;
    for (size_t i = 0; i < size; i++) {
      char letter = lower_case_letter(chunk[i]);
      if (!(letter != 0 ? reader_letter(reader, letter) : reader_end_word(reader))) return READ_OUT_OF_MEMORY;
    }
  }
  if (ferror(file)) return READ_FILE_ERROR;
  return reader_end_word(reader) ? READ_OK : READ_OUT_OF_MEMORY;
}

#endif
