"""check_timeline.py SVG DUMP: the picture of a trace is what its text says: its peak and its number of operations, and
at each point the height of all bands together is what is live there, or was within the stretch before the next one."""
import re
import sys
import xml.etree.ElementTree as Tree

SVG = "{http://www.w3.org/2000/svg}"
live, sizes, history, pending = 0, {}, [0], None
for line in open(sys.argv[2]):
    # t0 #12 = realloc #3 700 | t0 free #453
    words = line.split()
    if len(words) < 3 or not re.fullmatch(r"t\d+", words[0]):
        continue
    old = [int(word[1:]) for word in words[2:] if re.fullmatch(r"#\d+", word)] if words[1] != "start" else []
    if words[1] == "free":
        live -= sizes.pop(old[0], 0) if old else 0
    elif words[1].startswith("#"):
        if words[3] == "realloc" and old:
            live -= sizes.pop(old[0], 0)
        size = int(words[-1])
        sizes[int(words[1][1:])] = size
        live += size
    elif words[1] != "failed":
        continue
    history.append(live)
root = Tree.parse(sys.argv[1]).getroot()
title = next(text.text for text in root.iter(SVG + "text"))
operations, peak, moment = map(int, re.search(r": (\d+) operations, peak (\d+) bytes after (\d+)$", title).groups())
assert operations == len(history) - 1, f"{operations} operations, not {len(history) - 1}"
assert peak == max(history), f"a peak of {peak}, not {max(history)}"
assert history[moment] == peak, f"no peak after {moment}"
polygons = [[tuple(map(float, corner.split(","))) for corner in polygon.get("points").split()]
            for polygon in root.iter(SVG + "polygon")]
assert polygons
top = polygons[-1][: len(polygons[-1]) // 2]
below = [(x, 576.0) for x, _ in top]
for polygon in polygons:
    half = len(polygon) // 2
    upper, lower = polygon[:half], polygon[half:][::-1]
    assert lower == below, "a band does not lie on the one below it"
    assert all(a[1] <= b[1] + 0.011 for a, b in zip(upper, lower)), "a band is upside down"
    below = upper
assert min(y for _, y in top) < 96.01, "the peak is not drawn"
for x, y in top:
    place = round((x - 100) / 1200 * operations)
    reach = operations // 1200 + 2
    wanted = (576 - y) / 480 * peak
    near = history[max(0, place - reach) : place + reach + 1]
    assert min(near) - peak / 4000 <= wanted <= max(near) + peak / 4000, f"{wanted} bytes are drawn after {place}"
print(f"{len(polygons)} bands of {len(top)} points")
