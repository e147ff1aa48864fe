"""check_browser.py FOLDER: opens the pictures of a folder in Debian's chromium. heap.html shows at each frame what its
data says; heap.svg, heap.html and timeline.svg are neither blank nor of one colour, and frames differ."""
import json
import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

folder = Path(sys.argv[1]).resolve()


def browse(page, *options, size="1280,2400"):
    command = ["chromium", "--headless", "--disable-gpu", "--hide-scrollbars", f"--window-size={size}",
               f"--user-data-dir={folder}/profile", "--virtual-time-budget=5000", *options, page]
    # Its sandbox is not for root.
    if os.getuid() == 0:
        command.insert(1, "--no-sandbox")
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        sys.exit(f"chromium fails: {result.stderr[-2000:]}")
    return result.stdout


def pixels(path):
    """The colours of a PNG of 8 bits, without interlacing, by rows."""
    data, place, packed = Path(path).read_bytes(), 8, b""
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[place + 8 : place + 18])
            assert depth == 8 and colour in (2, 6)
            channels = 3 if colour == 2 else 4
        if kind == b"IDAT":
            packed += data[place + 8 : place + 8 + length]
        place += 12 + length
    raw, stride, before, rows = zlib.decompress(packed), width * channels, bytes(width * channels), []
    for row in range(height):
        start = row * (stride + 1)
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for i in range(stride):
            left = line[i - channels] if i >= channels else 0
            above = before[i]
            corner = before[i - channels] if i >= channels else 0
            if kind == 1:
                line[i] = line[i] + left & 255
            elif kind == 2:
                line[i] = line[i] + above & 255
            elif kind == 3:
                line[i] = line[i] + (left + above) // 2 & 255
            elif kind == 4:
                guess = left + above - corner
                line[i] = line[i] + min((left, above, corner), key=lambda value: abs(guess - value)) & 255
        before = bytes(line)
        rows.append([before[i : i + 3] for i in range(0, stride, channels)])
    return rows


def look(page, name, colours, size="1280,2400"):
    """A screenshot: it has so many colours that each have a hundred pixels, and is not all white."""
    path = folder / f"{name}.png"
    browse(page, f"--screenshot={path}", size=size)
    counts = {}
    for row in pixels(path):
        for colour in row:
            counts[colour] = counts.get(colour, 0) + 1
    many = [colour for colour, count in counts.items() if count >= 100]
    assert len(many) >= colours, f"{name} has {len(many)} colours"
    painted = 1 - counts.get(b"\xff\xff\xff", 0) / sum(counts.values())
    assert painted > 0.05, f"{name} is blank"
    print(f"{name}: {len(many)} colours, {painted:.0%} painted")
    return path.read_bytes()


text = (folder / "heap.html").read_text()
frames = json.JSONDecoder().raw_decode(text, text.index("const frames = ") + len("const frames = "))[0]
shots = []
for index in (0, len(frames) // 2, len(frames) - 1):
    page = f"file://{folder}/heap.html#frame={index}"
    shown = re.sub(r"\s+", " ", re.sub(r"<script>.*?</script>|<[^>]*>", " ", browse(page, "--dump-dom"), flags=re.S))
    held = sum(pages * 65536 for pages in frames[index]["runs"][2::8])
    runs = len(frames[index]["runs"]) // 8
    for wanted in (f"picture {index + 1} of {len(frames)}", f"held {held:,} bytes", f"in {runs:,} runs", "metadata"):
        assert wanted in shown, f"frame {index} does not show '{wanted}': {shown[:500]}"
    shots.append(look(page, f"frame-{index}", 10))
assert runs > 3000, f"{runs} runs are not thousands"
assert len(set(shots)) == len(shots), "all frames look alike"
look(f"file://{folder}/heap.svg", "heap", 10)
look(f"file://{folder}/timeline.svg", "timeline", 5, size="1340,660")
print("=> chromium shows the page and the pictures")
