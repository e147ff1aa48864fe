/*
 * The word index of a text file: which words it has, and how often each.
 * A word is a run of ASCII letters, in lower case. Every node, string and bucket
 * array comes from one zone on the mmap provider; the zone is destroyed at the
 * end with all of them still in it, and every page must have gone back.
 *
 *   word_index [-n COUNT] FILE      the COUNT (10) most frequent words, the zone, the ledger
 *   word_index --counts FILE        all words, as `sort | uniq -c` prints them
 *
 * Exit status: 0; 1 if memory ran out, the output could not be written, or the ledger
 * does not close; 2 if the file can't be read or the arguments are wrong.
 */
#include "word_index/index.h"
#include "word_index/reader.h"
#include "word_index/report.h"
#include "word_index/sort.h"
#include <errno.h>
#include <stdlib.h>

struct arguments {
  const char *file;
  uint64_t top;
  bool counts;
};

static bool parse(int argc, char **argv, struct arguments *out) {
  *out = (struct arguments){.top = 10};
  bool options = true;
  for (int i = 1; i < argc; i++) {
    if (options && strcmp(argv[i], "--counts") == 0) {
      out->counts = true;
    } else if (options && strcmp(argv[i], "-n") == 0) {
      char *end = NULL;
      errno = 0;
      if (++i == argc || argv[i][0] < '0' || argv[i][0] > '9') return false;
      out->top = strtoull(argv[i], &end, 10);
      if (*end != '\0' || errno != 0) return false;
    } else if (options && strcmp(argv[i], "--") == 0) {
      options = false;
    } else if ((options && argv[i][0] == '-') || out->file != NULL) {
      return false;
    } else {
      out->file = argv[i];
    }
  }
  return out->file != NULL;
}

static int fail(int status, const char *what, const char *why) {
  fflush(stdout);
  fprintf(stderr, "word_index: %s: %s\n", what, why);
  return status;
}

/* Builds the index and prints it. The zone is left full. */
static int run(const struct arguments *arguments, FILE *file, slm_zone *zone, uint64_t base_page_size) {
  struct index index;
  struct reader reader;
  if (!index_init(&index, zone) || !reader_init(&reader, &index)) return fail(1, arguments->file, "out of memory");
  switch (reader_read(&reader, file)) {
  case READ_OUT_OF_MEMORY:
    return fail(1, arguments->file, "out of memory");
  case READ_FILE_ERROR:
    return fail(2, arguments->file, strerror(errno));
  case READ_OK:
    break;
  }
  struct word *words = words_sort(index_take_all(&index), arguments->counts ? by_text : by_count);
  if (arguments->counts) {
    print_counts(words);
    return 0;
  }
  printf("%s: %" PRIu64 " bytes, %" PRIu64 " words, %" PRIu64 " of them different\n", arguments->file, reader.bytes,
         reader.words, index.word_count);
  if (words != NULL && arguments->top > 0) putchar('\n');
  print_top(words, arguments->top);
  printf("\nThe zone that holds the index, by size class\n\n");
  if (!print_zone(zone, base_page_size)) return fail(1, "zone", "the statistics contradict each other");
  return 0;
}

int main(int argc, char **argv) {
  struct arguments arguments;
  if (!parse(argc, argv, &arguments)) {
    fprintf(stderr, "usage: word_index [-n COUNT | --counts] [--] FILE\n");
    return 2;
  }
  FILE *file = fopen(arguments.file, "rb");
  if (file == NULL) return fail(2, arguments.file, strerror(errno));

  static slm_zone_storage storage;
  slm_page_provider provider = slm_mmap_provider();
  slm_provider_statistics before = {.struct_size = sizeof before}, after = before;
  slm_mmap_statistics(&before);
  slm_zone *zone = slm_zone_init(&storage, sizeof storage, SLM_OPTIONS(provider), NULL);
  if (zone == NULL) return fail(1, "zone", "the options were refused");

  int result = run(&arguments, file, zone, slm_zone_page_size(zone, 1, 1));
  fclose(file);

  size_t live = 0;
  slm_status status = slm_zone_destroy(zone, &live);
  if (status != SLM_OK) return fail(1, "destroying the zone", slm_status_name(status));
  slm_mmap_statistics(&after);
  slm_provider_statistics ledger = ledger_since(before, after);
  if (result == 0 && !arguments.counts) {
    printf("\nThe zone is destroyed, with %zu objects still in it\n\n", live);
    print_ledger(&ledger);
  }
  if (!ledger_closes(&ledger)) result = fail(1, "ledger", "pages are missing");
  if (fflush(stdout) != 0 || ferror(stdout)) return fail(1, "output", strerror(errno));
  return result;
}
