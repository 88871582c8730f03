# SPDX-License-Identifier: MIT
"""What is measured, and what becomes of the figures: medians, ratios, verdicts, a table.

    Contest("threads", ours, linux, [Row("switch", "thread switch", 20, "instructions")], "how it was measured")

`ours(race)` and `linux(race)` each take one turn and return {figure: value}. Linux may run in several ways; then its value
is {way: value}, and the fastest one counts.
"""
import statistics
from collections import namedtuple

# name: for --only. how: in words, for the reader of the table. once: it does not depend on the time of day, so one round is
# enough.
Contest = namedtuple("Contest", "name ours linux rows how once", defaults=(False,))
# figure: its name in what a turn returns. bar: how many times better than Linux, at least. more: whether more is better.
Row = namedtuple("Row", "figure what bar unit more", defaults=(False,))
Result = namedtuple("Result", "row ours linux ratio")  # linux: {way: median}

WIDTHS = (46, 14, 34, 8, 6)


def ways(value):
    return value if isinstance(value, dict) else {"": value}


def judge(row, ours, linux):
    """The Result of a row, of what the turns of both sides returned for it. The ratio is the median of the turns' ratios:
    what disturbs this host for a while disturbs both."""
    names = [name for name in ways(linux[0]) if all(name in ways(turn) for turn in linux)]
    medians = {name: statistics.median(ways(turn)[name] for turn in linux) for name in names}
    best = (max if row.more else min)(medians, key=medians.get)
    pairs = [(mine, ways(turn)[best]) for mine, turn in zip(ours, linux)]
    ratios = [mine / other if row.more else other / mine for mine, other in pairs]
    return Result(row, statistics.median(ours), medians, statistics.median(ratios))


def verdict(result):
    if result.row.bar is None:
        return ""
    return "met" if result.ratio >= result.row.bar else "MISSED"


def number(value):
    """At most four digits that mean something."""
    if value >= 1e6:
        return f"{value / 1e6:,.1f} M"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def line(*cells):
    head, *rest = cells
    return f"{head:<{WIDTHS[0]}} " + " ".join(f"{cell:>{width}}" for cell, width in zip(rest, WIDTHS[1:]))


def header(machine):
    return line(f"{machine}: what", "ours", "Linux", "ratio", "bar")


def show(result):
    linux = " / ".join(f"{name} {number(value)}".strip() for name, value in result.linux.items())
    what = f"{result.row.what}, {result.row.unit}"
    return f"{line(what, number(result.ours), linux, f'{result.ratio:.2f}', result.row.bar or '')} {verdict(result)}".rstrip()
