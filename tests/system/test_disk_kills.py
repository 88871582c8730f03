# SPDX-License-Identifier: MIT
"""The plug is pulled at random moments: what was promised is there, and fsck.tsfs finds nothing. `make soak` does more."""
import os
import time

import boot
import killed
import pytest
from conftest import BUILD

SEED = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
TIMES = int(os.environ.get("TIMES", 3))  # of each machine


def test_killed_while_writing(image, machine, tmp_path):
    print(f"SEED={SEED}")
    boot.make("tools", BUILD=BUILD)
    plug = killed.Plug(machine, image(machine), str(tmp_path), BUILD, SEED)
    for _ in range(TIMES):
        plug.pull()


def test_a_lost_promise_is_found():
    """The judge itself: what it has to refuse."""
    old = {"a": b"1", "t/x": b"2", "t/y": b"3"}
    nothing = killed.Line("true", old)
    assert killed.compare(dict(old), old, nothing) is None
    assert "promised" in killed.compare({"t/x": b"2", "t/y": b"3"}, old, nothing)
    assert "promised" in killed.compare({**old, "new": b""}, old, nothing)
    assert "promised" in killed.compare({**old, "a": b""}, old, killed.Line("rm", {"t/x": b"2", "t/y": b"3"}))
    move = killed.Line("mv", killed.moved(old, "t", "u"), (), None, True)
    assert killed.compare(move.after, old, move) is None
    assert "halves" in killed.compare({"a": b"1", "t/x": b"2", "u/y": b"3"}, old, move)
    grow = killed.Line("append", {**old, "a": b"123"}, (), "a")
    assert killed.compare({**old, "a": b"12"}, old, grow) is None
    assert "neither" in killed.compare({**old, "a": b"13"}, old, grow)
    loose = killed.Line("dd", {**old, "a": b"9"}, ("a",))
    assert killed.compare({**old, "a": b"any"}, old, loose) is None
