/* A program: a JSON parser whose strings and arrays grow in a heap of their own, which is destroyed with the document.
 * */
#include "../support/process_books.h"

typedef enum { NOTHING, NUMBER, STRING, ARRAY, OBJECT } kind;

typedef struct value {
  kind kind;
  double number;
  char *text;
  size_t count;
  struct value *items; /**< Of an object: name, value, name, value, ... */
} value;

typedef struct {
  slm_heap *heap;
  const char *at;
} parser;

/** Takes one byte more. Strings grow by one, as a careless program lets them. */
static void add_byte(parser *p, char **text, size_t *length, char byte) {
  assert_non_null(*text = slm_heap_reallocate(p->heap, *text, *length + 1));
  (*text)[(*length)++] = byte;
}

static void skip_space(parser *p) {
  while (*p->at == ' ' || *p->at == '\n' || *p->at == ',' || *p->at == ':') p->at++;
}

static value parse(parser *p);

static value parse_string(parser *p) {
  value out = {.kind = STRING};
  size_t length = 0;
  for (p->at++; *p->at != '"'; p->at++) {
    if (*p->at == '\\') p->at++;
    add_byte(p, &out.text, &length, *p->at);
  }
  add_byte(p, &out.text, &length, 0);
  p->at++;
  return out;
}

static value parse_items(parser *p, kind kind, char end) {
  value out = {.kind = kind};
  for (p->at++, skip_space(p); *p->at != end; skip_space(p)) {
    value item = parse(p);
    assert_non_null(out.items = slm_heap_reallocate(p->heap, out.items, (out.count + 1) * sizeof item));
    out.items[out.count++] = item;
  }
  p->at++;
  return out;
}

static value parse(parser *p) {
  skip_space(p);
  if (*p->at == '"') return parse_string(p);
  if (*p->at == '[') return parse_items(p, ARRAY, ']');
  if (*p->at == '{') return parse_items(p, OBJECT, '}');
  char *end;
  value out = {.kind = NUMBER, .number = strtod(p->at, &end)};
  assert_true(end != p->at);
  p->at = end;
  return out;
}

/** Frees a value, as a program does that throws a part of a document away. */
static void discard(slm_heap *heap, value *v) {
  for (size_t i = 0; i < v->count; i++) discard(heap, &v->items[i]);
  assert_ok(slm_heap_deallocate(heap, v->items));
  assert_ok(slm_heap_deallocate(heap, v->text));
  *v = (value){NOTHING, 0, NULL, 0, NULL};
}

static size_t objects_of(const value *v) {
  size_t count = (v->items != NULL) + (v->text != NULL);
  for (size_t i = 0; i < v->count; i++) count += objects_of(&v->items[i]);
  return count;
}

/** A document of records, whose strings have up to some thousand bytes. */
static const char *document(void) {
  static char text[1 << 18];
  size_t length = 0;
  length += (size_t)sprintf(text, "[");
  for (int i = 0; i < 60; i++) {
    length += (size_t)sprintf(text + length, "{\"number\": %d, \"half\": %.1f, \"list\": [", i, i / 2.0);
    for (int j = 0; j < i; j++) length += (size_t)sprintf(text + length, "%d, ", j);
    length += (size_t)sprintf(text + length, "], \"text\": \"");
    for (int j = 0; j < i * i; j++) text[length++] = (char)('a' + (i + j) % 26);
    length += (size_t)sprintf(text + length, "\", \"quoted\": \"a \\\"b\\\"\"},\n");
  }
  sprintf(text + length, "]");
  return text;
}

static void check(const value *root) {
  assert_int_equal(root->count, 60);
  for (int i = 0; i < 60; i++) {
    const value *record = &root->items[i];
    assert_int_equal(record->count, 10);
    assert_string_equal(record->items[0].text, "number");
    assert_true(record->items[1].number == i);
    assert_int_equal(record->items[5].count, i);
    assert_int_equal(strlen(record->items[7].text), i * i);
    for (int j = 0; j < i * i; j++) assert_int_equal(record->items[7].text[j], 'a' + (i + j) % 26);
    assert_string_equal(record->items[9].text, "a \"b\"");
  }
}

static void a_hundred_documents_leave_nothing(void **state) {
  (void)state;
  const char *text = document();
  process_level level = {0, 0};
  for (size_t round = 0; round < 100; round++) {
    parser p = {slm_heap_create(NULL, NULL), text};
    assert_non_null(p.heap);
    value root = parse(&p);
    check(&root);
    slm_heap_usage usage = {.struct_size = sizeof usage};
    assert_ok(slm_heap_statistics(p.heap, &usage));
    assert_int_equal(usage.objects_live, objects_of(&root));
    /* Every other document is taken apart, the others go with their heap. */
    size_t live = 0, expected = round % 2 == 0 ? objects_of(&root) : 0;
    if (expected == 0) discard(p.heap, &root);
    assert_ok(slm_heap_destroy(p.heap, &live));
    assert_int_equal(live, expected);
    check_process_level(&level, (int)round);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_hundred_documents_leave_nothing)};
  return cmocka_run_group_tests_name("slm_heap under a JSON parser", tests, NULL, NULL);
}
