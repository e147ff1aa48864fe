"""The tables: each row, then the geometric means over the rows."""
from math import exp, log

from libraries import FLOOR, OWN

WORST = 8


def is_peer(name):
    return name not in (OWN, FLOOR)


def geometric_mean(values):
    return exp(sum(log(value) for value in values) / len(values)) if values else None


def best_peer(outcomes, value):
    """The peer with the smallest value, or None."""
    peers = [name for name, outcome in outcomes.items() if is_peer(name) and outcome.measured]
    return min(peers, key=lambda name: value(outcomes[name])) if peers else None


def ratio(outcomes, peer, value):
    """slabmalloc's value divided by a peer's, or None where one of them is missing."""
    if OWN not in outcomes or peer not in outcomes:
        return None
    own, other = outcomes[OWN], outcomes[peer]
    if not (own.measured and other.measured) or value(other) == 0:
        return None
    return value(own) / value(other)


def wall(outcome):
    return outcome.wall


def processor(outcome):
    return max(outcome.processor, 1e-6)


def peak(outcome):
    return outcome.peak


def shown(name, outcome, value, form):
    """What stands in a table: the value, or why there is none. The floor takes fresh memory for each object, which is
    the system's work and that of no allocator: its times are without the share that the system has in them."""
    if not outcome.measured:
        return outcome.verdict
    if name == FLOOR and value in (wall, processor):
        return form(outcome.wall_of_user if value is wall else outcome.user)
    return form(value(outcome))


def seconds(number):
    return f"{number:.3f}"


def mebibytes(number):
    return f"{number / 1024:.1f}"


def progress(number, count, elapsed, row, outcomes):
    cells = [f"{name} {shown(name, outcome, wall, seconds)}" for name, outcome in outcomes.items()]
    return f"[{number}/{count} {elapsed:.0f} s] {row}: " + "  ".join(cells)


def version_table(versions, libraries):
    """What is compared: without a version, the file's digest tells builds apart."""
    width = max(len(library.name) for library in libraries) + 2
    lines = [f"{'library':<{width}}{'version':<24}file"]
    for library in libraries:
        found = versions[library.name]
        stated = found["version"] or "sha256 " + found["sha256"][:12]
        lines.append(f"{library.name:<{width}}{stated:<24}{found['path']}")
    return "\n".join(lines) + "\n"


def value_table(table, names, title, value, form):
    widths = [max(9, len(name) + 1) for name in names]
    lines = [title, f"{'row':<20}" + "".join(f"{name:>{width}}" for name, width in zip(names, widths))]
    lines[1] += f"{'ratio':>8}  best peer"
    for row, outcomes in table.items():
        cells = [shown(name, outcomes[name], value, form) for name in names]
        line = f"{row:<20}" + "".join(f"{text:>{width}}" for text, width in zip(cells, widths))
        best = best_peer(outcomes, value)
        of_best = ratio(outcomes, best, value)
        line += f"{of_best:>8.2f}" if of_best else f"{'-':>8}"
        lines.append(line + f"  {best or '-'}")
    return lines


def mean_line(label, table, names, value):
    """Geometric means of slabmalloc's value over the best peer's and over each peer's."""
    ratios = [ratio(outcomes, best_peer(outcomes, value), value) for outcomes in table.values()]
    ratios = [number for number in ratios if number]
    if not ratios:
        return None
    parts = [f"best peer {geometric_mean(ratios):.3f} ({len(ratios)} rows)"]
    for name in filter(is_peer, names):
        numbers = [ratio(outcomes, name, value) for outcomes in table.values()]
        mean = geometric_mean([number for number in numbers if number])
        parts.append(f"{name} {mean:.3f}" if mean else f"{name} -")
    return f"  {label:<16} " + "   ".join(parts)


def profile_lines(table, names, programs):
    """What each profile costs: the geometric mean of its time over the one before, of all rows and of real programs."""
    lines = []
    for label, name, base in (("checked", OWN, "fast"), ("hardened", "hardened", OWN)):
        if name not in names or base not in names:
            continue
        real = {row: table[row] for row in table if row in programs}
        for rows, what in ((table, "all rows"), (real, "real programs")):
            pairs = [(outcomes.get(name), outcomes.get(base)) for outcomes in rows.values()]
            pairs = [pair for pair in pairs if all(outcome and outcome.measured for outcome in pair)]
            if pairs:
                time = geometric_mean([processor(own) / processor(other) for own, other in pairs])
                memory = geometric_mean([peak(own) / peak(other) for own, other in pairs])
                before = "fast" if base == "fast" else "checked"
                lines.append(
                    f"  {label:<10}{time:.2f} times {before}'s time, {memory:.2f} times its peak"
                    f" ({len(pairs)} rows: {what})")
    return ["", "Geometric means of what a profile costs, user + system"] + lines if lines else []


def worst_rows(table):
    found = []
    for row, outcomes in table.items():
        best = best_peer(outcomes, wall)
        number = ratio(outcomes, best, wall)
        if number:
            found.append((number, row, best))
    return [f"  {number:6.2f}  {row} (best: {best})" for number, row, best in sorted(found, reverse=True)[:WORST]]


def summary(table, names, programs):
    if not any(OWN in outcomes for outcomes in table.values()):
        return [f"There is no {OWN} to compare with its peers."]
    lines = [f"Geometric means of {OWN} / peer (below 1 it is ahead)"]
    for label, value in (("time", wall), ("user + system", processor), ("peak", peak)):
        line = mean_line(label, table, names, value)
        if line:
            lines.append(line)
    lines += profile_lines(table, names, programs)
    worst = worst_rows(table)
    if worst:
        lines += ["", f"Worst rows by time: {OWN} / best peer"] + worst
    return lines


def tables(table, names, prefix, programs):
    lines = [""]
    for title, value, form in (
        ("seconds", wall, seconds),
        ("seconds of user and system time", processor, seconds),
        ("peak resident MiB", peak, mebibytes),
    ):
        lines += value_table(table, names, f"{prefix}{title}, median", value, form)
        lines.append("")
    if FLOOR in names:
        lines += [f"The times of {FLOOR} are without the system's share in them.", ""]
    lines += summary(table, names, programs)
    return "\n".join(lines) + "\n"


def failures(table):
    return [
        f"{row} with {name}: {outcome.reason}"
        for row, outcomes in table.items()
        for name, outcome in outcomes.items()
        if outcome.verdict == "FAILED"
    ]
