"""check_pprof.py PROFILE.pb PROFILE.heap: the first is a message of pprof's profile.proto as readers want it. The
second is the text form of the same profile, and both say the same."""
import collections
import math
import re
import sys


def fields(data):
    """The fields of a message: number and value."""
    at = 0

    def varint():
        nonlocal at
        number = shift = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            assert key & 7 == 2, f"wire type {key & 7}"
            length = varint()
            assert at + length <= len(data), "a field that is cut off"
            yield key >> 3, data[at : at + length]
            at += length


def packed(data):
    numbers, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    return numbers


profile = collections.defaultdict(list)
for field, value in fields(open(sys.argv[1], "rb").read()):
    profile[field].append(value)
strings = [text.decode() for text in profile[6]]
assert strings[0] == "", "the first string is empty"
types = [dict(fields(message)) for message in profile[1]]
names = [(strings[t[1]], strings[t[2]]) for t in types]
assert names == [
    ("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes"),
    ("peak_objects", "count"), ("peak_space", "bytes"),
], names
period = dict(fields(profile[11][0]))
assert (strings[period[1]], strings[period[2]]) == ("space", "bytes")
rate = profile[12][0]
assert strings[profile[14][0]] == "inuse_space"

mappings = {m[1]: m for m in (dict(fields(message)) for message in profile[3])}
locations = {}
for message in profile[4]:
    location = dict(fields(message))
    assert location[1] not in locations and location[1] > 0, "numbers of locations are unique"
    locations[location[1]] = location
    mapping = mappings[location[2]]
    assert mapping[2] <= location[3] < mapping[3], "an address lies in its mapping"
    assert strings[mapping[5]].startswith("/"), strings[mapping[5]]

samples = collections.Counter()
for message in profile[2]:
    sample = dict(fields(message))
    stack = tuple(locations[number][3] + 1 for number in packed(sample[1]))
    values = packed(sample[2])
    assert len(values) == 6 and stack
    for index, value in enumerate(values):
        samples[stack, index] += value
    assert values[0] >= max(values[2], values[4]), "more are allocated than live"

# The text: numbers of samples, to be scaled.
lines = open(sys.argv[2]).read().split("\n")
heading = re.fullmatch(r"heap profile: (\d+): (\d+) \[(\d+): (\d+)\] @ heap_v2/(\d+)", lines[0])
assert int(heading[5]) == rate, "both have one rate"
texts, sums = collections.Counter(), [0, 0, 0, 0]
for line in lines[1:]:
    if not line:
        break
    match = re.fullmatch(r" (\d+): (\d+) \[(\d+): (\d+)\] @ (0x[0-9a-f]+(?: 0x[0-9a-f]+)*)", line)
    numbers = [int(match[i]) for i in range(1, 5)]
    sums = [a + b for a, b in zip(sums, numbers)]
    bytes_each = numbers[3] / numbers[2]
    scale = 1 / -math.expm1(-bytes_each / rate)
    stack = tuple(int(word, 16) for word in match[5].split())
    for index, count in ((0, numbers[2]), (2, numbers[0])):
        objects = math.floor(count * scale + 0.5)
        texts[stack, index] += objects
        texts[stack, index + 1] += objects * int(bytes_each)
assert sums == [int(heading[i]) for i in range(1, 5)], "the heading is the sum of the lines"
for (stack, index), value in texts.items():
    assert samples[stack, index] == value, (stack, index, samples[stack, index], value)
assert any(line.startswith("MAPPED_LIBRARIES:") for line in lines)
