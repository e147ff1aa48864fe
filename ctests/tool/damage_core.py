"""damage_core.py CORE OUT HOW: a copy of a core file of a program on slabmalloc, damaged in one way."""
import re
import struct
import sys

source, target, how = sys.argv[1:]
data = bytearray(open(source, "rb").read())


def word(place):
    return struct.unpack_from("<Q", data, place)[0]


def segments():
    """Where the pool of runs lists its segments: their number, so many addresses, and room for 1024 in all."""
    for found in re.finditer(rb"[\x01-\x08]\0{7}(?=((?:[\s\S]{5}[\x01-\x7f]\0\0){1,8})\0{8000})", data):
        place, count = found.start(), data[found.start()]
        # Of each: base, limit, table, capacity, the end of the table.
        heads = [offset_of(word(place + 8 * index)) for index in range(1, count + 1)]
        if place % 8 == 0 and len(found[1]) == count * 8 and all(
            head and 0 < word(head) < word(head + 8) and offset_of(word(head + 16)) and
            word(head + 16) < word(head + 32) for head in heads
        ):
            return place
    sys.exit("there is no list of segments")


def header(kind):
    """Where the first program header of a kind stands."""
    start, count = word(32), struct.unpack_from("<H", data, 56)[0]
    return next(p for p in range(start, start + 56 * count, 56) if struct.unpack_from("<I", data, p)[0] == kind)


def put(place, *values):
    struct.pack_into(f"<{len(values)}Q", data, place, *values)


def mapped_files():
    """Where the record of NT_FILE stands: its name is CORE."""
    return data.index(struct.pack("<I", 0x46494C45) + b"CORE\0\0\0\0") + 12


def offset_of(address):
    """Where the core has an address; None if it does not."""
    start, count = word(32), struct.unpack_from("<H", data, 56)[0]
    for place in range(start, start + 56 * count, 56):
        kind, _, offset, base, _, length = struct.unpack_from("<IIQQQQ", data, place)
        if kind == 1 and base <= address < base + length:
            return offset + address - base
    return None


LOAD, NOTE, END = 1, 4, 2**64 - 1
if how == "headers":
    put(32, END)
elif how == "load":
    put(header(LOAD) + 8, END - 5)
elif how == "load-size":
    put(header(LOAD) + 32, END)
elif how == "load-address":
    put(header(LOAD) + 16, END - 5)
elif how == "notes":
    put(header(NOTE) + 32, END)
elif how == "files":
    put(mapped_files(), END)
elif how == "file-page":
    put(mapped_files() + 8, END)
elif how == "file-end":
    put(mapped_files() + 24, 0)
elif how in ("segment", "segment-size", "segment-table"):
    # base, limit, table, capacity: an end that no process has, more pages than there is memory, or a table at the end
    # of all addresses.
    place = offset_of(word(segments() + 8))
    if how == "segment":
        put(place + 8, END)
        put(place + 24, END)
    elif how == "segment-size":
        put(place + 8, 2**62)
        put(place + 24, END)
    else:
        put(place + 16, END - 4095)
elif how in ("cycle", "shared"):
    # The root of the tree of lone runs stands behind the list of segments, and its branches behind its descriptor.
    root = word(segments() + 8 + 1024 * 8)
    node = data[offset_of(root) : offset_of(root) + 128]
    put(offset_of(root) + 128, root, root)
    if how == "shared":
        # Below it, in its own object, 60 copies: both branches of each lead to the next: 2^60 ways.
        first = struct.unpack_from("<Q", node, 8)[0]
        put(offset_of(root) + 128, first, first)
        for address in range(first, first + 60 * 256, 256):
            place = offset_of(address)
            data[place : place + 128] = node
            put(place + 128, *(2 * [address + 256 if address < first + 59 * 256 else 0]))
elif how in ("overlap", "inside"):
    # Two parts of the memory share their last and first byte, or one has all of the other.
    start, count = word(32), struct.unpack_from("<H", data, 56)[0]
    loads = [p for p in range(start, start + 56 * count, 56) if struct.unpack_from("<I", data, p)[0] == LOAD]
    first = next(p for p in loads if word(p + 32) > 4096)
    second = next(p for p in loads if p > first and word(p + 32) > 0)
    put(second + 16, word(first + 16) + (word(first + 32) - 1 if how == "overlap" else 0))
elif how == "registers":
    # The notes of the threads have a type that nobody knows.
    place = header(NOTE)
    place, end = word(place + 8), word(place + 8) + word(place + 32)
    while place < end:
        name, record, kind = struct.unpack_from("<III", data, place)
        if kind == 1:
            struct.pack_into("<I", data, place + 8, 4711)
        place += 12 + (name + 3) // 4 * 4 + (record + 3) // 4 * 4
elif how.startswith("cut-"):
    # It ends at a half or so. The notes are still there: they stand where the memory ends.
    place, end = header(NOTE), len(data) // int(how[4:])
    notes = data[word(place + 8) : word(place + 8) + word(place + 32)]
    put(place + 8, end)
    data[end:] = notes
elif how == "many":
    # Not damaged: the number of program headers stands in a section header, at the end of the file.
    section = bytearray(64)
    struct.pack_into("<I", section, 44, struct.unpack_from("<H", data, 56)[0])
    put(40, len(data))
    struct.pack_into("<H", data, 56, 0xFFFF)
    data += section
elif how == "hole":
    # One more segment, which was given back.
    data[segments()] += 1
else:
    sys.exit(f"damage_core.py does not know {how}")
open(target, "wb").write(data)
