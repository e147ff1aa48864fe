"""The picture of speed and memory: each peer's time and peak memory, as a multiple of slabmalloc's, row by row."""
from math import log2
from svg import Picture

OWN = "slabmalloc"
# Colours that are told apart without red and green, and a shape each.
LOOKS = {
    "glibc": ("#8c959f", "circle"),
    "jemalloc": ("#d55e00", "square"),
    "tcmalloc": ("#3b8eea", "diamond"),
    "mimalloc": ("#009e73", "up"),
    "snmalloc": ("#cc79a7", "down"),
    "rpmalloc": ("#e69f00", "cross"),
}
LOW, HIGH = -2.6, 3.2
ROW = 21
LEFT, PANEL, GAP = 140, 370, 20


def read(path):
    """The names of the mallocs; the rows of the table, seconds and MiB by malloc; the means of all rows by peer."""
    rows, means = {}, {}
    with open(path, encoding="utf-8") as file:
        lines = [line.split("\t") for line in file.read().splitlines() if line and not line.startswith("#")]
    names = lines[0][1:]
    for name, *cells in lines[1:]:
        pairs = {malloc: tuple(map(float, cell.split("/"))) for malloc, cell in zip(names, cells) if cell.strip()}
        if name == "mean":
            means = pairs
        else:
            rows[name] = pairs
    return names, rows, means


def table(path):
    """The same rows as Markdown."""
    names, rows, _ = read(path)
    lines = ["| row | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for row, pairs in rows.items():
        cells = [f"{pairs[name][0]:.2f} / {pairs[name][1]:.0f}" for name in names]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def place(left, ratio):
    return left + PANEL * (min(max(log2(ratio), LOW), HIGH) - LOW) / (HIGH - LOW)


def draw(path):
    names, rows, means = read(path)
    looks = {name: LOOKS[name] for name in names if name != OWN}
    height = 116 + ROW * (len(rows) + 1) + 30
    title = "Time and memory of other mallocs, as multiples of slabmalloc's"
    picture = Picture(LEFT + 2 * PANEL + GAP + 20, height, title)
    x = LEFT
    picture.text(20, 26, "Other mallocs against slabmalloc: right of the line slabmalloc is ahead", "bold")
    for peer, (colour, shape) in looks.items():
        picture.mark(x + 6, 48, shape, colour)
        picture.text(x + 18, 52, peer)
        x += 100
    bottom = 100 + ROW * (len(rows) + 1)
    for number, title in enumerate(("processor time", "peak memory")):
        left = LEFT + number * (PANEL + GAP)
        picture.text(left + PANEL / 2, 80, title, "middle")
        for power in range(-2, 4):
            at = place(left, 2.0**power)
            picture.line(at, 92, at, bottom, "axis" if power == 0 else "line")
            label = f"{2**power}×" if power >= 0 else f"1/{2**-power}×"
            picture.text(at, bottom + 18, label, "small middle")
    for index, name in enumerate(["all 55 rows", *rows]):
        y = 104 + ROW * index
        picture.text(LEFT - 12, y + 4, name, "end bold" if index == 0 else "end")
        for number in (0, 1):
            left = LEFT + number * (PANEL + GAP)
            picture.line(left, y, left + PANEL, y)
            for peer, (colour, shape) in looks.items():
                # The means are slabmalloc's share of the peer's; the rows have the figures themselves.
                ratio = 1 / means[peer][number] if index == 0 else rows[name][peer][number] / rows[name][OWN][number]
                picture.mark(place(left, ratio), y, shape, colour, 6 if index == 0 else 4.5)
    return str(picture)
