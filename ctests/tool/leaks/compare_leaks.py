"""compare_leaks.py BUILD_DIR: a table of what the tool, LeakSanitizer and Valgrind's memcheck find in the programs of
this folder. Objects of 777 and 777777 bytes are planted to be lost. Found are those that are reported, missed those
that are not, and wrong are other objects that are reported: the program still has them."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

build = Path(sys.argv[1]).resolve()
programs = sorted(Path(__file__).parent.glob("*.c"))
LOST = (777, 777777)


def run(command, look=None, **environment):
    """Starts a program, waits until it is ready, and looks at it. Returns what is planted, and its errors."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env=os.environ | environment)
    line = process.stdout.readline()
    result = look(process.pid) if look else None
    _, errors = process.communicate("")
    if not line.startswith("ready "):
        sys.exit(f"{command} does not start: {errors}")
    return int(line.split()[1]), result if look else errors


def number(text):
    return int(text.replace(",", ""))


def of_tool(name):
    def look(process):
        command = [build / "tool/slabmalloc", "leaks", "--json", str(process)]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    planted, report = run([build / "tool/leaks" / name], look, LD_PRELOAD=str(build / "libslabmalloc-preload.so"))
    # Objects by the bytes of their slots: 555 has a class below 777.
    reported = [(group["bytes"] // group["objects"], group["objects"]) for group in report["groups"]]
    lost = sum(count for size, count in reported if 777 <= size < 1024 or size >= 777777)
    return planted, lost, sum(count for _, count in reported) - lost


def of_sanitizer(name):
    planted, errors = run([build / "tool/leaks" / f"{name}-sanitized"], ASAN_OPTIONS="detect_leaks=1:exitcode=0")
    if "LeakSanitizer has encountered a fatal error" in errors:
        return planted, None, None
    found = wrong = 0
    for size, count in re.findall(r"leak of (\d+) byte\(s\) in (\d+) object", errors):
        if int(size) // int(count) in LOST:
            found += int(count)
        else:
            wrong += int(count)
    return planted, found, wrong


def of_valgrind(name):
    kinds = "--show-leak-kinds=definite,indirect,possible"
    command = ["valgrind", "--leak-check=full", kinds, build / "tool/leaks" / name]
    planted, errors = run(command)
    found = wrong = 0
    pattern = r"([\d,]+) (?:\(([\d,]+) direct, [\d,]+ indirect\) )?bytes in ([\d,]+) blocks are (?:def|ind|poss)"
    for size, direct, count in re.findall(pattern, errors):
        if number(direct or size) // number(count) in LOST:
            found += number(count)
        else:
            wrong += number(count)
    return planted, found, wrong


tools = {"slabmalloc leaks": of_tool, "LeakSanitizer": of_sanitizer, "memcheck": of_valgrind}
print("| program | lost | " + " | ".join(f"{tool}: found, missed, wrong" for tool in tools) + " |")
print("|---" * (len(tools) + 2) + "|")
sums = {tool: [0, 0, 0] for tool in tools}
planted_sum = 0
for program in programs:
    cells = []
    for tool, look in tools.items():
        planted, found, wrong = look(program.stem)
        if found is None:
            cells.append("cannot run here")
            continue
        result = [found, planted - found, wrong]
        sums[tool] = [a + b for a, b in zip(sums[tool], result)]
        cells.append("{}, {}, {}".format(*result))
    planted_sum += planted
    print(f"| {program.stem} | {planted} | " + " | ".join(cells) + " |", flush=True)
print(f"| sum | {planted_sum} | " + " | ".join("{}, {}, {}".format(*sums[tool]) for tool in tools) + " |")
