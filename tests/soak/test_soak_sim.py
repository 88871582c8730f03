# SPDX-License-Identifier: MIT
"""Bulk transfers over bad links, seed after seed, for as long as is asked (tests/sim).

    make soak MINUTES=60
"""
import os
import sys
import time

import boot

sys.path.insert(0, os.path.join(boot.ROOT, "tests", "sim"))
import bulk  # noqa: E402


def test_bulk_over_bad_links(image, minutes, seed):
    program = image("host", RELEASE="1", APP="tests/sim/node.c")
    end, runs, complaints = time.monotonic() + minutes * 60, 0, []
    while time.monotonic() < end:
        this = seed * 1_000_000 + runs
        runs += 1
        complaint = bulk.judge(bulk.make(program, this))
        if complaint:
            complaints.append(f"tests/sim/run.py --release bulk {this}: {complaint}")
            print(complaints[-1], flush=True)
    print(f"{runs} runs from seed {seed * 1_000_000} on")
    assert not complaints, "\n".join(complaints)
