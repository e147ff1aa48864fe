"""check_events.py JSON DUMP: Chrome's trace events have each call of a trace's text, with its thread, bytes and
objects, and counters whose sum is what is live then."""
import json
import re
import sys

events = json.load(open(sys.argv[1]))["traceEvents"]
wanted, live, sizes, history = [], 0, {}, [0]
for line in open(sys.argv[2]):
    # t0 #12 = realloc #3 700 | t0 failed = malloc 99 | t0 free #453 | t0 misuse 9 #3
    words = line.split()
    if not re.fullmatch(r"t\d+", words[0]) or words[1] in ("start", "stop", "refused"):
        continue
    if words[1] == "misuse":
        wanted[-1]["args"]["misuse"] = True
        continue
    made = int(words[1][1:]) if words[1].startswith("#") else None
    name, *rest = words[3:] if words[2:3] == ["="] else words[1:]
    arguments = {}
    if name != "free":
        arguments["bytes"] = int(rest[-1])
    if made:
        arguments["object"] = made
    old = re.fullmatch(r"#(\d+)", rest[0])
    if words[1] == "failed":
        arguments["failed"] = True
    elif old:
        arguments["freed"] = int(old[1])
        live -= sizes.pop(int(old[1]), 0)
    if made:
        sizes[made] = int(rest[-1])
        live += int(rest[-1])
    history.append(live)
    wanted.append({"ph": "X", "pid": 1, "tid": int(words[0][1:]), "ts": len(wanted) + 1, "dur": 1, "name": name,
                   "args": arguments})
calls = [event for event in events if event["ph"] == "X"]
for call, want in zip(calls, wanted):
    if call["args"].get("misuse"):
        # A misuse frees nothing.
        want["args"].pop("freed", None)
    assert call == want, f"{call}, not {want}"
assert len(calls) == len(wanted), f"{len(calls)} calls, not {len(wanted)}"
named = [event["tid"] for event in events if event["ph"] == "M"]
assert sorted(named) == sorted({call["tid"] for call in calls}), "not each thread has one name"
counters = [event for event in events if event["ph"] == "C"]
assert counters and len(calls) + len(named) + len(counters) == len(events)
for counter in counters:
    assert sum(counter["args"].values()) == history[counter["ts"]], f"{counter} has not {history[counter['ts']]} bytes"
    assert counter["args"].keys() == counters[0]["args"].keys()
print(f"{len(calls)} calls, {len(counters)} counters")
