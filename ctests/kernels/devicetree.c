// Reads what the kernel needs of a flattened device tree: memory, what is reserved of it, the command line.
// The format is chapter 5 of the Devicetree Specification (devicetree.org). All numbers are big-endian.
#include "kernel.h"

enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4 };

struct header {
  uint32_t magic, total_size, structure, strings, reservations;
};

static uint32_t read32(const void *at) {
  const unsigned char *byte = at;
  return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}
static uint64_t read64(const void *at) { return (uint64_t)read32(at) << 32 | read32((const char *)at + 4); }

// Whether text is the name, up to the end or an '@'.
static bool is_named(const char *text, const char *name) {
  while (*name != 0 && *text == *name) text++, name++;
  return *name == 0 && (*text == 0 || *text == '@');
}

// Pairs of address and size, of two cells each.
static void each_range(struct memory_map *map, void (*change)(struct memory_map *, uintptr_t, uintptr_t),
                       const char *value, size_t size) {
  for (; size >= 16; value += 16, size -= 16) change(map, read64(value), read64(value) + read64(value + 8));
}

// Nodes that matter are at depth 2 (/memory, /chosen), or at depth 3 in /reserved-memory.
static bool walk(const char *tree, struct memory_map *map, bool reserved, const char **command_line) {
  const char *strings = tree + read32(tree + offsetof(struct header, strings));
  const char *at = tree + read32(tree + offsetof(struct header, structure));
  const char *node[4] = {"", "", "", ""};
  for (unsigned depth = 0;;) {
    uint32_t token = read32(at);
    at += 4;
    if (token == BEGIN_NODE) {
      if (++depth < 4) node[depth] = at;
      while (*at != 0) at++;
      at = (const char *)(((uintptr_t)at + 4) & ~(uintptr_t)3);
    } else if (token == END_NODE) {
      if (--depth == 0) return true;
    } else if (token == PROPERTY) {
      uint32_t size = read32(at);
      const char *name = strings + read32(at + 4), *value = at + 8;
      at = value + ((size + 3) & ~3u);
      if (depth == 1 && (is_named(name, "#address-cells") || is_named(name, "#size-cells")) && read32(value) != 2) {
        return false;
      }
      if (depth == 2 && is_named(node[2], "chosen") && is_named(name, "bootargs")) *command_line = value;
      if (!is_named(name, "reg")) continue;
      if (!reserved && depth == 2 && is_named(node[2], "memory")) each_range(map, map_add, value, size);
      if (reserved && depth == 3 && is_named(node[2], "reserved-memory")) each_range(map, map_remove, value, size);
    } else if (token != NOP) {
      return false;
    }
  }
}

bool devicetree_read(const void *tree, struct memory_map *map, const char **command_line) {
  const char *bytes = tree;
  *command_line = "";
  if (read32(bytes) != 0xd00dfeed || !walk(bytes, map, false, command_line)) return false;
  const char *entry = bytes + read32(bytes + offsetof(struct header, reservations));
  for (; read64(entry + 8) != 0; entry += 16) map_remove(map, read64(entry), read64(entry) + read64(entry + 8));
  // The command line lies in the tree, so this stays too.
  map_remove(map, (uintptr_t)tree, (uintptr_t)tree + read32(bytes + offsetof(struct header, total_size)));
  return walk(bytes, map, true, command_line);
}
