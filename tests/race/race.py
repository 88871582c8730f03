#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our kernel and Debian's Linux, on the same machine of the same QEMU, in turns: `make race`.

Everything that is needed is fetched and built below build/race, without root; a second run needs no network.
"""
import argparse
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tools")]
import machines  # noqa: E402
import rows_disk  # noqa: E402
import rows_network  # noqa: E402
import rows_start  # noqa: E402
import rows_threads  # noqa: E402
import table  # noqa: E402
from debian import Unavailable  # noqa: E402
from guest import BUS, Silent  # noqa: E402
from linux import Linux  # noqa: E402

CONTESTS = [*rows_start.CONTESTS, *rows_threads.CONTESTS, *rows_disk.CONTESTS]


class Race:
    """One machine, and what a turn has to know."""

    def __init__(self, machine, options):
        self.machine = machine
        self.memory = options.memory
        self.size = options.size                # of a page or a file, in bytes
        self.connections = options.connections  # how many clients at once, one figure for each
        self.disk_mib = options.disk
        self.build = os.path.abspath(os.environ.get("BUILD", os.path.join(TOP, "build")))
        self.folder = os.path.join(self.build, "race", machine)
        os.makedirs(self.folder, exist_ok=True)
        self.linux = Linux(self)
        self.kept = {}

    def keep(self, start):
        """The Guest that start(race) returned when it was first asked for: for turns that a machine stays up for. Another
        one if it has ended."""
        if start not in self.kept or self.kept[start].has_ended:
            self.kept[start] = start(self)
        return self.kept[start]

    def close(self):
        for guest in self.kept.values():
            guest.__exit__()


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machine", choices=list(machines.BARE), action="append", help="all unless said")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="contests or rows with one of these words in their names, with commas")
    parser.add_argument("--memory", default="256M")
    parser.add_argument("--size", type=int, default=600, help="bytes of the page that is served")
    parser.add_argument("--connections", type=lambda text: [int(word) for word in text.split(",")], default=[1, 64])
    parser.add_argument("--disk", type=int, default=256, help="MiB of the disk")
    return parser.parse_args(words)


def is_wanted(contest, only):
    names = [contest.name, *(row.what for row in contest.rows)]
    return not only or any(word in name for word in only.split(",") for name in names)


def turn(side, race):
    """One turn of one side. A machine that falls silent gets one more chance, and that is said."""
    try:
        return side(race)
    except Silent as silent:
        print(f"  one more time: {str(silent).splitlines()[0]}", file=sys.stderr)
        return side(race)


def run(contest, race, rounds):
    """Both sides in turns; prints a line for each row."""
    ours, linux = [], []
    for _ in range(1 if contest.once else rounds):
        ours.append(turn(contest.ours, race))
        linux.append(turn(contest.linux, race))
    for row in contest.rows:
        if row.figure in ours[0] and row.figure in linux[0]:
            result = table.judge(row, [each[row.figure] for each in ours], [each[row.figure] for each in linux])
            print(table.show(result), flush=True)
    print(f"    {contest.how}", flush=True)


def describe(race, rounds):
    version = subprocess.run([machines.BARE[race.machine].qemu, "--version"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.splitlines()[0]
    board = " ".join(machines.emulator(race.machine, BUS)[1:])
    return f"{version}\n{board} -m {race.memory}\nLinux: {race.linux.version}\n{rounds} rounds, medians\n"


def run_all(race, options):
    for contest in [*CONTESTS, *rows_network.contests(race)]:
        if is_wanted(contest, options.only):
            try:
                run(contest, race, options.rounds)
            except (Unavailable, Silent) as why:
                print(f"{contest.name}: skipped, {why}", flush=True)


def main(words=None):
    options = parse(words)
    for machine in options.machine or machines.BARE:
        try:
            race = Race(machine, options)
        except Unavailable as why:
            print(f"{machine}: skipped, {why}\n")
            continue
        print(describe(race, options.rounds), table.header(machine), sep="\n", flush=True)
        try:
            run_all(race, options)
        finally:
            race.close()
        print()


if __name__ == "__main__":
    main()
