/* A report that a slm_*_print() function wrote, read back: the rows of its table and of its JSON. */
#ifndef PRINTED_H
#define PRINTED_H

#include "suite.h"

/** The columns that text and JSON have both. */
typedef struct printed_row {
  char name[16]; /* "total", "large", "free runs", ...; of a class its slot size */
  uint64_t slabs, slots, live, live_bytes, free_bytes, metadata_bytes, dirty_bytes, clean_bytes, held_bytes;
} printed_row;

enum { PRINTED_ROWS = 80 };
typedef struct printed {
  char text[40000];
  size_t length, pieces;
  printed_row total, rows[PRINTED_ROWS];
  size_t count;
} printed;

/** A writer. */
static inline void printed_add(void *context, const char *text, size_t length) {
  printed *p = context;
  assert_true(length > 0 && p->length + length < sizeof p->text);
  memcpy(p->text + p->length, text, length);
  p->length += length;
  p->text[p->length] = '\0';
  p->pieces++;
}

static inline uint64_t printed_number(const char *json, const char *key) {
  char wanted[40];
  snprintf(wanted, sizeof wanted, "\"%s\":", key);
  const char *found = strstr(json, wanted);
  if (found == NULL) fail_msg("no %s in %s", key, json);
  return strtoull(found + strlen(wanted), NULL, 10);
}

static inline void printed_read_json_row(printed_row *row, const char *json) {
  row->slabs = printed_number(json, "slabs");
  row->slots = printed_number(json, "slots");
  row->live = printed_number(json, "live");
  row->live_bytes = printed_number(json, "live_bytes");
  row->free_bytes = printed_number(json, "free_bytes");
  row->metadata_bytes = printed_number(json, "metadata_bytes");
  row->dirty_bytes = printed_number(json, "dirty_bytes");
  row->clean_bytes = printed_number(json, "clean_bytes");
  row->held_bytes = printed_number(json, "held_bytes");
}

/** Reads JSON, which is one line. */
static inline void printed_read_json(printed *p) {
  assert_non_null(strstr(p->text, "\"total\":{"));
  assert_true(p->length > 3 && strcmp(p->text + p->length - 3, "]}\n") == 0);
  assert_ptr_equal(strchr(p->text, '\n'), p->text + p->length - 1);
  printed_read_json_row(&p->total, strstr(p->text, "\"total\":{"));
  p->count = 0;
  for (char *at = strstr(p->text, "{\"row\":\""); at != NULL; at = strstr(at + 1, "{\"row\":\"")) {
    printed_row *row = &p->rows[p->count++];
    assert_true(p->count < PRINTED_ROWS);
    sscanf(at, "{\"row\":\"%15[a-z_]", row->name);
    if (strcmp(row->name, "class") == 0)
      snprintf(row->name, sizeof row->name, "%u", (unsigned)printed_number(at, "slot_bytes"));
    if (strcmp(row->name, "free_runs") == 0) strcpy(row->name, "free runs");
    printed_read_json_row(row, at);
  }
}

/** Reads a table. Its rows follow the line of headings. */
static inline void printed_read_text(printed *p) {
  char *line = strstr(p->text, "\n size class ");
  assert_non_null(line);
  p->count = 0;
  bool is_total = true;
  for (line = strchr(line + 1, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1) {
    printed_row *row = is_total ? &p->total : &p->rows[p->count++];
    assert_true(p->count < PRINTED_ROWS);
    is_total = false;
    char name[12], fill[8];
    memcpy(name, line, 11);
    name[11] = '\0';
    strcpy(row->name, name + strspn(name, " "));
    unsigned long long n[9];
    int got = sscanf(line + 11, "%llu %llu %llu %7s %llu %llu %llu %llu %llu %llu", &n[0], &n[1], &n[2], fill, &n[3],
                     &n[4], &n[5], &n[6], &n[7], &n[8]);
    assert_int_equal(got, 10);
    row->slabs = n[0], row->slots = n[1], row->live = n[2], row->live_bytes = n[3], row->free_bytes = n[4];
    row->metadata_bytes = n[5], row->dirty_bytes = n[6], row->clean_bytes = n[7], row->held_bytes = n[8];
    assert_true(row->slots == 0 ? strcmp(fill, "-") == 0 : strchr(fill, '%') != NULL);
  }
}

/** Every row closes, and the rows come to the total, in every column. */
static inline void check_printed_closes(const printed *p) {
  printed_row sum = {"total", 0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (size_t i = 0; i <= p->count; i++) {
    const printed_row *row = i == p->count ? &p->total : &p->rows[i];
    uint64_t parts = row->live_bytes + row->free_bytes + row->metadata_bytes + row->dirty_bytes + row->clean_bytes;
    if (parts != row->held_bytes) fail_msg("row %s does not close: %s", row->name, p->text);
    if (i == p->count) break;
    sum.slabs += row->slabs, sum.slots += row->slots, sum.live += row->live, sum.live_bytes += row->live_bytes;
    sum.free_bytes += row->free_bytes, sum.metadata_bytes += row->metadata_bytes, sum.dirty_bytes += row->dirty_bytes;
    sum.clean_bytes += row->clean_bytes, sum.held_bytes += row->held_bytes;
  }
  const uint64_t *summed = &sum.slabs, *total = &p->total.slabs;
  for (size_t i = 0; i < 9; i++)
    if (summed[i] != total[i]) fail_msg("the total of column %zu is not the sum: %s", i, p->text);
}

static inline const printed_row *printed_row_named(const printed *p, const char *name) {
  for (size_t i = 0; i < p->count; i++)
    if (strcmp(p->rows[i].name, name) == 0) return &p->rows[i];
  static const printed_row none;
  return &none;
}

/** Both forms of a report: `print` is called with each. They say the same. Returns the JSON's. */
#define PRINTED(function, ...)                                                                                         \
  ({                                                                                                                   \
    static printed json_, text_;                                                                                       \
    json_.length = text_.length = json_.pieces = text_.pieces = 0;                                                     \
    assert_ok(function(__VA_ARGS__ SLM_JSON, printed_add, &json_));                                                    \
    assert_ok(function(__VA_ARGS__ SLM_TEXT, printed_add, &text_));                                                    \
    printed_read_json(&json_);                                                                                         \
    printed_read_text(&text_);                                                                                         \
    check_printed_closes(&json_);                                                                                      \
    check_printed_closes(&text_);                                                                                      \
    assert_int_equal(json_.count, text_.count);                                                                        \
    for (size_t i_ = 0; i_ < json_.count; i_++) {                                                                      \
      assert_string_equal(json_.rows[i_].name, text_.rows[i_].name);                                                   \
      assert_memory_equal(&json_.rows[i_].slabs, &text_.rows[i_].slabs, 9 * sizeof(uint64_t));                         \
    }                                                                                                                  \
    &json_;                                                                                                            \
  })

#endif
