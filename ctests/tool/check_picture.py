"""check_picture.py SVG RUNS: the picture is well-formed, and each run of the list, one JSON value a line, is a box of
its length, in the order of addresses."""
import json
import sys
import xml.etree.ElementTree as Tree

SVG = "{http://www.w3.org/2000/svg}"
runs = [json.loads(line) for line in open(sys.argv[2])]
root = Tree.parse(sys.argv[1]).getroot()
title = next(text.text for text in root.iter(SVG + "text"))
row_bytes = int(title.rsplit(" ", 2)[1]) * 1024
drawn = {}
for box in root.iter(SVG + "g"):
    address = box.find(SVG + "title").text.split(":")[0]
    outer, *inner = box.findall(SVG + "rect")
    length, filled = drawn.get(address, (0, 0))
    drawn[address] = (length + float(outer.get("width")), filled + sum(float(part.get("width")) for part in inner))
    right = float(outer.get("x")) + float(outer.get("width"))
    assert 16 <= float(outer.get("x")) and right <= 1216.1, f"{address} is outside"
assert list(drawn) == [run["address"] for run in runs], "not the runs of the list, in their order"
for run in runs:
    length, filled = drawn[run["address"]]
    boxes = run["bytes"] // row_bytes + 2
    assert abs(length - run["bytes"] * 1200 / row_bytes) <= 0.01 * boxes, f"{run} is {length} long"
    if run["what"] in ("slab", "large"):
        share = filled / length * 100
        assert abs(share - run["fill"]) < 3 + 2 / length, f"{run} is filled by {share} percent"
    else:
        assert filled == 0, f"{run} is filled"
print(f"{len(runs)} runs are drawn")
