#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the test bed by hand: what a failed seed did, segment by segment.

    tests/sim/run.py bulk 17            both ways over a bad link, with the chances that follow from seed 17
    tests/sim/run.py zero_window        a scenario of tests/sim/scenarios
    tests/sim/run.py --check            all scenarios
    tests/sim/run.py --update NAME      writes the trace that came into the scenario's file

    --release    the optimised image; without: with the sanitizers     --pcap FILE    for Wireshark, times are the bed's
"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../tools")]
import boot  # noqa: E402
import bulk  # noqa: E402
import pcap  # noqa: E402
import scenario  # noqa: E402
import wire  # noqa: E402


def show(nodes, trace):
    print("\n".join(trace.lines))
    for node in nodes:
        print(f"\n{node.name}: status {node.status}\n{node.text.rstrip()}")


def run_bulk(image, seed, file):
    trace = wire.Trace(with_windows=True)
    bed = bulk.make(image, seed, pcap.tee(file, trace.watch))
    complaint = bulk.judge(bed)
    show(bed.nodes, trace)
    print(f"\nseed {seed}: {bulk.chances(seed)}\n{complaint or 'byte exact'}; {bed.digest}")
    return 1 if complaint else 0


def run_scenario(image, name, file, update):
    played = scenario.play(image, name, file)
    show(played.bed.nodes, played.trace)
    if update:
        scenario.update(name, played)
    print(f"\n{played.complaint() or 'as expected'}")
    return 1 if played.complaint() else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--release", action="store_true")
    parser.add_argument("--pcap")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--image", help="an image that is built already")
    parser.add_argument("name", nargs="?", default="bulk")
    parser.add_argument("seed", nargs="?", type=int, default=1)
    arguments = parser.parse_args()
    image = arguments.image or boot.build("host", APP="tests/sim/node.c", **({"RELEASE": "1"} if arguments.release else {}))
    if arguments.check:
        results = {name: scenario.play(image, name).complaint() for name in scenario.names()}
        for name, complaint in results.items():
            print(f"{'FAIL' if complaint else 'ok  '}  {name}{': ' + complaint if complaint else ''}")
        return 1 if any(results.values()) else 0
    if arguments.name == "bulk":
        return run_bulk(image, arguments.seed, arguments.pcap)
    return run_scenario(image, arguments.name, arguments.pcap, arguments.update)


if __name__ == "__main__":
    sys.exit(main())
