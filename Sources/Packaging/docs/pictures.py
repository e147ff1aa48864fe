#!/usr/bin/env python3
"""Draws the pictures of README and articles, and writes the table of the measurements into its article.
usage: pictures.py [--check]     --check: writes nothing, and fails if a file is not what would be written

The pictures are drawn by hand and not by a plotting program, whose output changes with its version: so a check can tell
whether they are those of the numbers."""
import re
import sys

import layers
import speed

NUMBERS = "ctests/bench/malloc/measured.tsv"
ARTICLES = "Sources/SlabMalloc/SlabMalloc.docc"
TABLE = re.compile(r"(<!-- measured -->\n).*?(<!-- measured end -->)", re.DOTALL)


def main():
    article = f"{ARTICLES}/Benchmarks.md"
    with open(article, encoding="utf-8") as file:
        text = file.read()
    wanted = {
        f"{ARTICLES}/Resources/layers.svg": layers.draw(),
        f"{ARTICLES}/Resources/speed.svg": speed.draw(NUMBERS),
        article: TABLE.sub(lambda found: f"{found[1]}{speed.table(NUMBERS)}\n{found[2]}", text),
    }
    stale = []
    for path, content in wanted.items():
        try:
            with open(path, encoding="utf-8") as file:
                current = file.read()
        except FileNotFoundError:
            current = None
        if current != content:
            stale.append(path)
            if "--check" not in sys.argv:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(content)
                print(f"  WRITE   {path}")
    if stale and "--check" in sys.argv:
        sys.exit(f"not as `make pictures` makes them: {' '.join(stale)}")


if __name__ == "__main__":
    main()
