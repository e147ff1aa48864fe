"""damage_core.py CORE OUT HOW: a copy of a core file of a program on slabmalloc, damaged in one way."""
import re
import struct
import sys

source, target, how = sys.argv[1:]
data = bytearray(open(source, "rb").read())


def segments():
    """Where the pool of runs lists its segments: their number, so many addresses, and room for 1024 in all."""
    for found in re.finditer(rb"[\x01-\x08]\0{7}(?=((?:[\s\S]{5}[\x01-\x7f]\0\0){1,8})\0{8000})", data):
        if found.start() % 8 == 0 and len(found[1]) == data[found.start()] * 8:
            return found.start()
    sys.exit("there is no list of segments")


if how == "hole":
    # One more segment, which was given back.
    data[segments()] += 1
else:
    sys.exit(f"damage_core.py does not know {how}")
open(target, "wb").write(data)
