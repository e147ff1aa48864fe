"""The picture of the floors: one ground floor, two houses on it, and the faces that programs see."""
from svg import Picture

WIDTH = 900
GROUND = ("Ground", "arithmetic · platform · Status · linked list · lock · random numbers · canary")
# From the ground up: a floor's name, and what is on it.
ZONE_HOUSE = [
    ("Pages", "page providers, regions"),
    ("Slabs", "slabs, slot words, bins"),
    ("Zones", "zones and caches for one thread"),
    ("Shared", "zones for several threads or CPUs"),
]
RUN_HOUSE = [
    ("Runs", "page runs, segments, purging, guards, metadata"),
    ("Heaps", "bins, heaps, owners, remote frees"),
    ("Process", "thread heaps, options, environment, traces"),
]
FACES = [
    ("Swift's own heap", "in Embedded Swift", 0, 1),
    ("Swift", "import SlabMalloc", 1, 1),
    ("C and C++", "slm_zone_*  slm_cache_*  slm_heap_*  slm_malloc", 2, 2),
    ("C library's names", "malloc, free, new", 4, 1),
]


def floors(picture, x, width, bottom, house, look, height):
    """A house, its lowest floor at the bottom."""
    for number, (name, words) in enumerate(house):
        top = bottom - (number + 1) * height
        picture.box(x, top + 4, width, height - 8, look)
        picture.text(x + 16, top + height / 2 + 5, name, "bold")
        picture.text(x + 92, top + height / 2 + 5, words)


def draw():
    title = "The floors of slabmalloc: a ground floor, the zone house and the run house on it, and the faces"
    picture = Picture(WIDTH, 400, title)
    picture.text(20, 24, "faces", "small")
    column = (WIDTH - 40) / 5
    for name, words, first, count in FACES:
        x = 20 + first * column
        picture.box(x, 34, count * column - 8, 52, "faces")
        picture.text(x + (count * column - 8) / 2, 56, name, "bold middle")
        picture.text(x + (count * column - 8) / 2, 75, words, "small middle")
    width = (WIDTH - 40) / 2 - 8
    floors(picture, 20, width, 306, ZONE_HOUSE, "zones", 46)
    floors(picture, 20 + width + 16, width, 306, RUN_HOUSE, "runs", 46)
    picture.text(20 + width, 112, "the zone house: any pages, no operating system", "small end")
    picture.text(20 + 2 * width + 16, 158, "the run house: address space to spare", "small end")
    picture.box(20, 314, WIDTH - 40, 46, "ground")
    picture.text(36, 342, GROUND[0], "bold")
    picture.text(112, 342, GROUND[1])
    rule = "A floor names only floors below it, in its own house and on the ground."
    picture.text(WIDTH / 2, 384, rule, "small middle")
    return str(picture)
