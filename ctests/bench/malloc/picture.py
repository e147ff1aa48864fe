#!/usr/bin/env python3
"""Draws results.json as an SVG with gnuplot: each peer's time and peak relative to slabmalloc's, row by row.
usage: picture.py RESULTS.json PICTURE.svg"""
import json
import math
import shutil
import subprocess
import sys

from libraries import FLOOR, OWN

# Colours that are told apart without red and green, and a shape each.
STYLES = [("#555555", 7), ("#d55e00", 5), ("#0072b2", 9), ("#009e73", 13), ("#cc79a7", 11), ("#e69f00", 15)]
PANELS = [("wall", "time"), ("peak_kib", "peak resident memory")]


def ratios(results, measure):
    """For each peer the ratios to slabmalloc, by row number; rows where one of the two is missing are left out."""
    found = {name: [] for name in results["libraries"] if name not in (OWN, FLOOR)}
    for number, libraries in enumerate(results["rows"].values()):
        own = libraries[OWN]["median"]
        for name, points in found.items():
            other = libraries[name]["median"]
            if own and other and own[measure] > 0:
                points.append((other[measure] / own[measure], number))
    return found


def text(words):
    """A label as gnuplot takes it: without marks that it would read as its own."""
    return '"' + words.replace("\\", "").replace('"', "") + '"'


def axis(points):
    """The range of a logarithmic axis, and its marks, a doubling apart."""
    values = [value for series in points.values() for value, _ in series] or [1]
    low = min(-1, math.floor(math.log2(min(values)) - 0.1))
    high = max(1, math.ceil(math.log2(max(values)) + 0.1))
    marks = [(f"{2**power:g}×" if power >= 0 else f"1/{2**-power}×", 2.0**power) for power in range(low, high + 1)]
    return 2.0**low, 2.0**high, ", ".join(f"{text(label)} {place:g}" for label, place in marks)


def panel(results, measure, title, left, right, labelled):
    points = ratios(results, measure)
    low, high, marks = axis(points)
    rows = list(results["rows"])
    broken = {row for row, libraries in results["rows"].items() if libraries[OWN]["verdict"] == "FAILED"}
    labels = [(row + " (FAILED)" if row in broken else row) if labelled else "" for row in rows]
    names = ", ".join(f"{text(label)} {number}" for number, label in enumerate(labels))
    lines = [f"set lmargin at screen {left}", f"set rmargin at screen {right}"]
    lines.append(f"set title {text(title)} offset 0,-0.6")
    lines += [f"set xrange [{low}:{high}]", f"set xtics ({marks})", f"set ytics ({names})", "unset key"]
    lines.append(f"set arrow 1 from 1,{len(rows) - 0.5} to 1,-0.5 nohead lw 2 lc rgb '#000000' front")
    parts = []
    for number, (name, series) in enumerate(points.items()):
        colour, shape = STYLES[number % len(STYLES)]
        block = f"${measure}{number}"
        lines += [f"{block} << EOD", *(f"{value:.6g} {row}" for value, row in series), "EOD"]
        if series:
            parts.append(f"{block} with points pt {shape} ps 0.75 lc rgb '{colour}'")
    lines.append("plot " + ", ".join(parts))
    return lines


def legend(results, height):
    """A mark and a name for each peer, below both panels."""
    peers = [name for name in results["libraries"] if name not in (OWN, FLOOR)]
    lines = []
    for number, name in enumerate(peers):
        colour, shape = STYLES[number % len(STYLES)]
        left = 0.5 + 0.12 * (number - len(peers) / 2)
        mark = f"point pt {shape} ps 0.9 lc rgb '{colour}' offset 1.2,0"
        lines.append(f"set label {10 + number} {text(name)} at screen {left:.3f}, screen {18 / height} {mark}")
    return lines


def script(results, path):
    rows = len(results["rows"])
    height = 148 + 17 * rows
    rounds = results["rounds"]
    condition = "quick inputs, one round" if results["quick"] else f"median of {rounds} round{'s' * (rounds > 1)}"
    heading = f"Each peer relative to {OWN}: right of the line {OWN} is ahead ({condition})"
    lines = [f"set terminal svg size 1000,{height} font 'sans-serif,12' background rgb 'white'"]
    lines += [f"set output {text(path)}", "set encoding utf8", "set multiplot"]
    lines += [f"set label 1 {text(heading)} at screen 0.5, screen {1 - 22 / height} center font ',14'"]
    lines += [f"set tmargin at screen {1 - 60 / height}", f"set bmargin at screen {68 / height}"]
    lines += legend(results, height)
    lines += ["set logscale x 2", f"set yrange [{rows - 0.5}:-0.5]", "set grid x y lc rgb '#dddddd' lw 1 lt 1"]
    lines += ["set border 3 lc rgb '#888888'", "set tics nomirror scale 0 textcolor rgb '#000000'"]
    for number, (measure, title) in enumerate(PANELS):
        left, right = (0.17, 0.565) if number == 0 else (0.595, 0.98)
        lines += panel(results, measure, title, left, right, number == 0)
        lines.append("unset label")
    return "\n".join([*lines, "unset multiplot", ""])


def draw(results, path):
    """Draws the picture and returns None, or says why there is none."""
    if OWN not in results["libraries"]:
        return f"there is no {OWN} to compare with"
    if not any(series for series in ratios(results, "wall").values()):
        return "there is no row that both it and a peer ran"
    if not shutil.which("gnuplot"):
        return "there is no gnuplot (Debian's package is gnuplot-nox)"
    done = subprocess.run(["gnuplot", "-"], input=script(results, path), capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"gnuplot failed: {done.stderr.strip()}"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: picture.py RESULTS.json PICTURE.svg")
    with open(sys.argv[1], encoding="utf-8") as file:
        reason = draw(json.load(file), sys.argv[2])
    if reason:
        sys.exit("picture: " + reason)


if __name__ == "__main__":
    main()
