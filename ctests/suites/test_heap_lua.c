/* A program: Lua, each of whose states has all of its memory in a heap of its own. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "../support/process_books.h"

/** Lua's allocator, with the sizes that Lua says. */
static void *allocate(void *heap, void *pointer, size_t old_size, size_t new_size) {
  if (new_size == 0) {
    if (pointer != NULL) assert_ok(slm_heap_deallocate_sized(heap, pointer, old_size));
    return NULL;
  }
  return slm_heap_reallocate(heap, pointer, new_size);
}

static const char script[] =
    "local words, text = {}, ''\n"
    "for i = 1, 400 do\n"
    "  words[i] = ('word' .. i):rep(i % 9 + 1)\n"
    "  text = text .. words[i]\n" /* a string that grows */
    "end\n"
    "local counts = {}\n"
    "for word in text:gmatch('%a+') do counts[word] = (counts[word] or 0) + 1 end\n"
    "table.sort(words)\n"
    "local thread = coroutine.wrap(function() for i = 1, 50 do coroutine.yield({i, tostring(i)}) end end)\n"
    "local sum = 0\n"
    "for i = 1, 50 do sum = sum + thread()[1] end\n"
    "collectgarbage()\n"
    "return #text, counts.word, sum\n";

static void a_hundred_states_leave_nothing(void **state) {
  (void)state;
  process_level level = {0, 0};
  for (size_t round = 0; round < 100; round++) {
    slm_heap *heap = slm_heap_create(NULL, NULL);
    lua_State *lua = lua_newstate(allocate, heap);
    assert_non_null(lua);
    luaL_openlibs(lua);
    if (luaL_dostring(lua, script) != LUA_OK) fail_msg("%s", lua_tostring(lua, -1));
    assert_int_equal(lua_tointeger(lua, -3), 13418);
    assert_int_equal(lua_tointeger(lua, -2), 1994);
    assert_int_equal(lua_tointeger(lua, -1), 1275);
    size_t live = 1;
    slm_heap_usage usage = {.struct_size = sizeof usage};
    assert_ok(slm_heap_statistics(heap, &usage));
    assert_true(usage.objects_live > 500 && usage.bytes_live >= (uint64_t)lua_gc(lua, LUA_GCCOUNT) * 1024);
    lua_close(lua);
    assert_ok(slm_heap_statistics(heap, &usage));
    assert_int_equal(usage.objects_live, 0);
    assert_ok(slm_heap_destroy(heap, &live));
    assert_int_equal(live, 0);
    check_process_level(&level, (int)round);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_hundred_states_leave_nothing)};
  return cmocka_run_group_tests_name("slm_heap under Lua", tests, NULL, NULL);
}
