/* What programs do with a heap of their own: a parser whose strings grow, and Lua. 100 rounds, after which the process
 * holds what it held after the first ones, and no object is live. */
#include "../support/process_books.h"
#include "../support/process_misuse.h"

#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>
#include <lua5.4/lualib.h>

enum { ROUNDS = 100, SETTLED = 5 };

/** Runs a round 100 times; the bytes in use don't grow after the first ones. */
static void keeps_level(void (*round)(size_t number)) {
  uint64_t level = 0;
  for (size_t i = 0; i < ROUNDS; i++) {
    round(i);
    slm_process_usage now = check_process_books();
    if (i < SETTLED) level = now.bytes_slabs + now.bytes_large > level ? now.bytes_slabs + now.bytes_large : level;
    else assert_true(now.bytes_slabs + now.bytes_large <= level);
    assert_int_equal(now.large_live, 0);
  }
  assert_int_equal(misuses.count, 0);
}

static uint64_t objects_of(slm_heap *heap) {
  slm_heap_usage out = {.struct_size = sizeof out};
  assert_ok(slm_heap_statistics(heap, &out));
  return out.objects_live;
}

/* ---- a parser of nested lists of strings: ("text" (...) ...) ---- */

typedef struct node {
  struct node **children; /* NULL in a string */
  size_t count;
  char *text;
  size_t length;
} node;

/** How the parser grows what it has: both ways keep an object in its heap. */
static void *grow(slm_heap *heap, void *pointer, size_t size, bool by_malloc) {
  void *grown = by_malloc && pointer != NULL ? slm_realloc(pointer, size) : slm_heap_reallocate(heap, pointer, size);
  assert_non_null(grown);
  return grown;
}

static node *parse(slm_heap *heap, const char **at, bool by_malloc) {
  node *n = slm_heap_allocate_zeroed(heap, sizeof *n);
  assert_non_null(n);
  if (*(*at)++ == '"') {
    for (; **at != '"'; (*at)++) { /* a byte at a time, as it comes in */
      n->text = grow(heap, n->text, n->length + 2, by_malloc);
      n->text[n->length++] = **at;
      n->text[n->length] = '\0';
    }
  } else {
    while (**at != ')') {
      n->children = grow(heap, n->children, (n->count + 1) * sizeof *n->children, by_malloc);
      n->children[n->count++] = parse(heap, at, by_malloc);
    }
  }
  (*at)++;
  return n;
}

/** Frees a tree; returns how many objects it had. */
static size_t free_tree(slm_heap *heap, node *n) {
  size_t count = 1;
  for (size_t i = 0; i < n->count; i++) count += free_tree(heap, n->children[i]);
  if (n->children != NULL) count++;
  if (n->text != NULL) {
    assert_int_equal(strlen(n->text), n->length);
    assert_ok(slm_heap_deallocate_sized(heap, n->text, n->length + 1));
    count++;
  }
  assert_ok(slm_heap_deallocate(heap, n->children));
  assert_ok(slm_heap_deallocate_sized(heap, n, sizeof *n));
  return count;
}

/** Lists of lists of strings, of which some are long. */
static const char *document(void) {
  static char text[600000];
  size_t length = 0;
  if (text[0] != '\0') return text;
  text[length++] = '(';
  for (size_t i = 0; i < 40; i++) {
    text[length++] = '(';
    for (size_t j = 0; j < 50; j++) {
      size_t letters = i == 7 && j == 7 ? 300000 : 1 + i * j % 200;
      text[length++] = '"';
      for (size_t k = 0; k < letters; k++) text[length++] = (char)('a' + (i + j + k) % 26);
      text[length++] = '"';
    }
    text[length++] = ')';
  }
  text[length++] = ')';
  assert_true(length < sizeof text);
  return text;
}

static void parse_document(size_t number) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_non_null(heap);
  const char *at = document();
  node *tree = parse(heap, &at, number % 2 == 0);
  uint64_t objects = objects_of(heap);
  size_t live = 0, want = number % 4 < 2 ? objects : 0;
  if (want == 0) assert_int_equal(free_tree(heap, tree), objects);
  assert_int_equal(objects_of(heap), want);
  assert_ok(slm_heap_destroy(heap, &live)); /* half of the rounds leave the tree to it */
  assert_int_equal(live, want);
}

static void a_parser_with_growing_strings(void **state) {
  (void)state;
  keeps_level(parse_document);
}

/* ---- Lua, whose allocator is a heap ---- */

/** As lua_Alloc wants it: the old size is the object's, unless there is none. */
static void *allocate_for_lua(void *heap, void *pointer, size_t old_size, size_t size) {
  if (size > 0) return slm_heap_reallocate(heap, pointer, size);
  if (pointer != NULL && slm_heap_deallocate_sized(heap, pointer, old_size) != SLM_OK) abort();
  return NULL;
}

static const char script[] = "local words, longest = {}, ''\n"
                             "for i = 1, 3000 do\n"
                             "  words[i] = ('word%d'):format(i * 7919 % 3001)\n"
                             "  longest = longest .. words[i]\n"
                             "end\n"
                             "table.sort(words)\n"
                             "local count = 0\n"
                             "for digit in longest:gmatch('%d') do count = count + digit end\n"
                             "local threads = {}\n"
                             "for i = 1, 20 do threads[i] = coroutine.wrap(function() coroutine.yield(i) end)() end\n"
                             "return words[1] .. '-' .. words[3000] .. '-' .. count .. '-' .. #longest\n";

static void run_lua(size_t number) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  assert_non_null(heap);
  lua_State *lua = lua_newstate(allocate_for_lua, heap);
  assert_non_null(lua);
  luaL_openlibs(lua);
  if (luaL_dostring(lua, script) != LUA_OK) fail_msg("%s", lua_tostring(lua, -1));
  assert_string_equal(lua_tostring(lua, -1), "word1-word999-43503-22893");
  assert_true(objects_of(heap) > 1000);
  size_t live = 0;
  if (number % 2 == 0) {
    lua_close(lua);
    assert_int_equal(objects_of(heap), 0);
  }
  assert_ok(slm_heap_destroy(heap, &live)); /* half of the rounds leave all of Lua to it */
  assert_true((live == 0) == (number % 2 == 0));
}

static void lua_in_a_heap(void **state) {
  (void)state;
  keeps_level(run_lua);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      misuse_test(a_parser_with_growing_strings),
      misuse_test(lua_in_a_heap),
  };
  return cmocka_run_group_tests_name("slm_heap in programs", tests, NULL, NULL);
}
