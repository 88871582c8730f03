# SPDX-License-Identifier: MIT
"""The arithmetic and the reading in tests/race, with no machine and no network."""
import lzma
import os
import struct
import sys

import boot
import pytest

sys.path.insert(0, os.path.join(boot.ROOT, "tests/race"))
import debian  # noqa: E402
import linux  # noqa: E402
import race  # noqa: E402
import rows_start  # noqa: E402
from table import Row, judge, number, show, verdict  # noqa: E402

LESS, MORE = Row("s", "start", 10, "s"), Row("rate", "rate", 2.5, "a second", more=True)


# ---- Figures ---------------------------------------------------------------------------------------------------------
def test_the_ratio_is_the_median_of_the_turns_ratios():
    result = judge(LESS, [1, 2, 100], [12, 20, 1200])  # the third turn was disturbed, on both sides
    assert (result.ours, result.linux, result.ratio) == (2, {"": 20}, 12)
    assert judge(MORE, [30, 50], [10, 25]).ratio == 2.5


def test_the_fastest_way_of_linux_counts():
    turns = [{"slow": 40, "fast": 18}, {"slow": 10, "fast": 22}, {"slow": 44, "fast": 20}]
    result = judge(LESS, [2, 2, 2], turns)
    assert result.linux == {"slow": 40, "fast": 20} and result.ratio == 10
    assert judge(MORE, [40], [{"nginx": 10, "epoll": 20}]).ratio == 2


@pytest.mark.parametrize("ratio, bar, word", [(10, 10, "met"), (9.99, 10, "MISSED"), (1, None, "")])
def test_a_bar_is_met_when_it_is_reached(ratio, bar, word):
    assert verdict(judge(Row("s", "start", bar, "s"), [1], [ratio])) == word


def test_figures_are_shown_with_the_digits_that_mean_something():
    assert [number(value) for value in (1.234e9, 12345.6, 99.44, 0.01234)] == ["1,234.0 M", "12,346", "99.4", "0.0123"]
    line = show(judge(LESS, [2], [{"bzImage": 40, "PVH": 18}]))
    assert line.startswith("start, s") and "bzImage 40 / PVH 18" in line and line.endswith("9.00     10 MISSED")


def test_the_least_memory_is_found_by_halving():
    tried = []
    assert rows_start.least(lambda mib: tried.append(mib) or mib >= 87, 32, 160) == 87
    assert len(tried) <= 8


def test_rows_are_chosen_by_words():
    threads = next(contest for contest in race.CONTESTS if contest.name == "threads")
    assert [race.is_wanted(threads, words) for words in ("", "threads", "disk,switch", "disk")] == [True, True, True, False]


# ---- Linux -------------------------------------------------------------------------------------------------------------
def test_modules_come_behind_what_they_need():
    needs = {"virtio_net": ["net_failover", "virtio"], "net_failover": ["failover"], "failover": [], "virtio": []}
    order = linux.in_order(["virtio_net", "virtio", "a_part_of_the_kernel"], needs)
    assert order == ["failover", "net_failover", "virtio", "virtio_net"]
    assert linux.needs_of(b"\x7fELF..license=GPL\0depends=net-failover,virtio\0x") == ["net_failover", "virtio"]
    assert linux.needs_of(b"\x7fELF..depends=\0x") == []


def test_a_kernel_is_unpacked():
    header = bytearray(0x400)
    header[0x1F1] = 1
    kernel, packed = b"\x7fELF kernel", lzma.compress(b"\x7fELF kernel")
    struct.pack_into("<II", header, 0x248, 16, len(packed) + 4)
    assert linux.vmlinux_of(bytes(header) + bytes(16) + packed + struct.pack("<I", len(kernel))) == kernel
    with pytest.raises(debian.Unavailable, match="not known here"):
        linux.vmlinux_of(bytes(0x1000))


def test_an_initramfs_is_what_the_kernel_reads():
    archive = linux.cpio({"bin/sh": b"x" * 5, "init": b""})
    names, at = [], 0
    while at < len(archive):
        assert archive[at:at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        names.append((archive[at + 110:at + 109 + fields[11]].decode(), fields[1], fields[6]))
        at = (at + 110 + fields[11] + 3) // 4 * 4
        at = (at + fields[6] + 3) // 4 * 4
    assert names == [("bin", 0o40755, 0), ("bin/sh", 0o100755, 5), ("init", 0o100755, 0), ("TRAILER!!!", 0, 0)]


def test_the_mirror_is_the_one_of_this_machine():
    assert debian.mirror_of("http://a.example/tools/\nhttp://b.example/debian/\nhttp://b.example/debian-security/\n") == \
        "http://b.example/debian"
    assert debian.mirror_of("") == debian.MIRROR
