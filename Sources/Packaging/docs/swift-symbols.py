#!/usr/bin/env python3
"""Takes the C functions out of a symbol graph of the compiler's: they are public, and Doxygen describes them.
usage: swift-symbols.py GRAPH.json"""
import json
import sys


def main():
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        graph = json.load(file)
    in_c = {one["identifier"]["precise"] for one in graph["symbols"] if one["pathComponents"][0].startswith("slm_")}
    graph["symbols"] = [one for one in graph["symbols"] if one["identifier"]["precise"] not in in_c]
    graph["relationships"] = [one for one in graph["relationships"] if not {one["source"], one["target"]} & in_c]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(graph, file)


if __name__ == "__main__":
    main()
