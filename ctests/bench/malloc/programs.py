"""Real programs as rows, each with an input that is made here, the same each time."""
import os
import random
import shutil
import sys

SEED = 20190401


def find(program):
    """A program's path, or None."""
    return shutil.which(program)


SQL = """
create table orders(id integer primary key, customer text, item text, amount integer, note text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
insert into orders select i, 'customer ' || (i * 7919 % 1000), 'item ' || (i * 104729 % 5000), i * 31 % 97,
  substr('a note about an order, longer or shorter', 1, i % 40) from n;
create index by_customer on orders(customer);
create index by_item on orders(item, amount);
select count(*), sum(amount) from orders;
select customer, sum(amount), group_concat(substr(note, 1, 3)) from orders group by customer order by 2 desc limit 3;
select count(*) from orders a join orders b on a.item = b.item and b.id = a.id + 5000;
update orders set note = note || ' changed' where amount % 5 = 0;
delete from orders where amount % 3 = 0;
select count(*), sum(length(note)) from orders;
select count(distinct upper(note)) from orders;
"""

PYTHON = """
import gc, json
class Node:
    def __init__(self, value, before):
        self.value, self.before, self.after = value, before, None
        if before is not None: before.after = self
total = 0
for generation in range({rounds}):
    words = {{}}
    for i in range(20000):
        key = "word %d" % (i * 7919 % 4001)
        words.setdefault(key, []).append(i)
    last = None
    for i in range(20000): last = Node(str(i), last)
    total += sum(len(lines) for lines in words.values()) + len(last.value)
    text = json.dumps(words)
    total += len(json.loads(text)) + len(text) + len(bytearray(1000 * generation))
    del words, last
    gc.collect()
print(total)
"""

LUA = """
local function tree(depth)
  if depth == 0 then return {{}} end
  return {{tree(depth - 1), tree(depth - 1)}}
end
local function count(node)
  return node[1] and 1 + count(node[1]) + count(node[2]) or 1
end
local kept, total = tree({depth}), 0
for depth = 4, {depth}, 4 do
  for i = 1, 1 << ({depth} - depth + 2) do total = total + count(tree(depth)) end
end
local parts = {{}}
for i = 1, 1000 * {depth} do parts[#parts + 1] = ("%d:%s"):format(i, ("x"):rep(i % 50)) end
print(total, count(kept), #table.concat(parts, ","))
"""

PERL = """
use strict;
my ($total, %words, @lines) = (0);
for my $round (1 .. {rounds}) {{
  %words = ();
  for my $i (1 .. 30000) {{
    my $word = "word" . ($i * 7919 % 6007);
    $words{{$word}} .= chr(97 + $i % 26);
    push @{{$words{{"list" . $i % 500}}}}, {{ number => $i, name => $word }};
  }}
  @lines = sort {{ $a cmp $b }} map {{ ref $words{{$_}} ? "$_ " . @{{$words{{$_}}}} : "$_ $words{{$_}}" }} keys %words;
  $total += length(join "\\n", @lines);
  (my $text = join " ", @lines[0 .. 2000]) =~ s/(word)(\\d+)/$2$1/g;
  $total += () = $text =~ /\\dword/g;
}}
print "$total\\n";
"""


def c_source(functions):
    """Functions with loops, switches, structs and calls, for a compiler to chew on."""
    numbers = random.Random(SEED)
    lines = ["struct point { int x, y; double weight; };", "static int table[256];"]
    for i in range(functions):
        a, b, c = (numbers.randrange(1, 1000) for _ in range(3))
        call = f"f{numbers.randrange(i)}(p, n - 1)" if i else "n"
        lines.append(f"int f{i}(struct point *p, int n) {{")
        lines.append(f"  int sum = {a};")
        lines.append(f"  for (int i = 0; i < n; i++) {{ sum += p[i].x * {b} + table[(sum ^ i) & 255];")
        lines.append(f"    switch (sum % {3 + i % 5}) {{ case 0: p[i].y += {c}; break; case 1: sum ^= p[i].y << 2;")
        lines.append(f"      case 2: p[i].weight *= 1.{c}; break; default: table[i & 255] = sum; }} }}")
        lines.append(f"  return n > {b} ? sum : sum + {call};\n}}")
    return "\n".join(lines) + "\n"


def smt_problem(jobs, machines):
    """Job-shop scheduling with integers: is there a plan that ends in time? And, a little tighter, one more time."""
    numbers = random.Random(SEED)
    lines, ends = ["(set-logic QF_IDL)"], []
    busy = {machine: [] for machine in range(machines)}
    for job in range(jobs):
        before = None
        for machine in numbers.sample(range(machines), machines):
            name, time = f"s{job}_{machine}", numbers.randrange(1, 20)
            lines.append(f"(declare-fun {name} () Int)")
            earliest = f"(>= (- {name} {before[0]}) {before[1]})" if before else f"(>= {name} 0)"
            lines.append(f"(assert {earliest})")
            for other, other_time in busy[machine]:
                lines.append(f"(assert (or (>= (- {name} {other}) {other_time}) (>= (- {other} {name}) {time})))")
            busy[machine].append((name, time))
            before = (name, time)
        ends.append(before)
    longest = max(sum(time for _, time in tasks) for tasks in busy.values())
    for slack in (40, 20, 10):
        lines.append("(push)")
        lines += [f"(assert (<= {name} {longest + slack - time}))" for name, time in ends]
        lines += ["(check-sat)", "(pop)"]
    return "\n".join(lines) + "\n"


def commands(folder, quick):
    """Name, package, command, environment of each. Writes the inputs into the folder."""

    def write(name, text):
        path = os.path.join(folder, name)
        with open(f"{path}.{os.getpid()}", "w", encoding="ascii") as file:
            file.write(text)
        # At once, as another run may be reading it.
        os.replace(file.name, path)
        return path

    sql = write("orders.sql", SQL.format(rows=10000 if quick else 120000))
    python = write("objects.py", PYTHON.format(rounds=1 if quick else 12))
    source = write("functions.c", c_source(12 if quick else 100))
    problem = write("schedule.smt2", smt_problem(6, 5) if quick else smt_problem(10, 8))
    lua = write("trees.lua", LUA.format(depth=12 if quick else 16))
    perl = write("words.pl", PERL.format(rounds=1 if quick else 12))
    # The interpreter itself, not a script in front of it.
    interpreter = os.path.realpath(sys.executable)
    hashes = {"PYTHONHASHSEED": "0"}
    return [
        ("sqlite3", "sqlite3", ["sqlite3", "-batch", ":memory:", f".read {sql}"], {}),
        # As it comes: small objects are in arenas of Python's own. The second row gives each to malloc.
        ("python3", "python3", [interpreter, "-S", python], hashes),
        ("python3-malloc", "python3", [interpreter, "-S", python], {**hashes, "PYTHONMALLOC": "malloc"}),
        ("gcc", "gcc", ["gcc", "-O2", "-S", "-o", "-", source], {}),
        ("z3", "z3", ["z3", "smt.random_seed=1", problem], {}),
        ("lua", "lua5.4", ["lua5.4", lua], {}),
        ("perl", "perl", ["perl", perl], {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}),
    ]
