"""check_page.py HTML COUNT [RUNS]: the page has so many frames, later ones later, and in each the runs tile no address
twice. RUNS is what heap --json says of the process: the last frame has the same."""
import json
import re
import sys
import html.parser

text = open(sys.argv[1]).read()
assert text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n"), "not a whole page"
assert not re.search(r'(src|href)=|https?://|@import|url\(', text), "the page needs another file"
html.parser.HTMLParser().feed(text)


def constant(name):
    start = text.index(f"const {name} = ") + len(f"const {name} = ")
    return json.JSONDecoder().raw_decode(text, start)[0]


stretches, classes, frames = constant("stretches"), constant("classes"), constant("frames")
page_bytes = int(re.search(r"pageBytes = (\d+)", text)[1])
assert len(frames) == int(sys.argv[2]), f"{len(frames)} frames"
assert all(a["ms"] <= b["ms"] for a, b in zip(frames, frames[1:])), "the frames are not in order"
KINDS = ["slab", "large", "metadata", "dirty", "clean"]
for frame in frames:
    numbers, end, runs = frame["runs"], 0, []
    assert numbers and len(numbers) % 8 == 0
    for stretch, page, pages, kind, index, fill, first, second in zip(*[iter(numbers)] * 8):
        assert page + pages <= stretches[stretch][1], "a run is outside"
        address = int(stretches[stretch][0], 16) + page * page_bytes
        assert address >= end, "two runs overlap"
        end = address + pages * page_bytes
        run = {"address": hex(address), "bytes": pages * page_bytes, "what": KINDS[kind]}
        if kind == 0:
            run |= {"slot_bytes": classes[index][2], "slots": second, "live": first}
        if kind == 1:
            run |= {"object_bytes": first}
        if kind < 2:
            run |= {"fill": fill}
        runs.append(run)
if len(sys.argv) > 3:
    wanted = [json.loads(line) for line in open(sys.argv[3])]
    assert runs == wanted, next((a, b) for a, b in zip(runs + [None], wanted + [None]) if a != b)
print(f"{len(frames)} frames, the last of {len(runs)} runs")
