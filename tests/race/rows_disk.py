# SPDX-License-Identifier: MIT
"""The disk, past all caches of the guest: one image in memory of this host, the same for both sides."""
import contextlib
import os
import re
import tempfile

import ours
from linux import DISK
from table import Contest, Row

MIB = 1 << 20
NS = 1_000_000_000


@contextlib.contextmanager
def blank_disk(race):
    """A disk of zeros that are all there: nobody gains by reading holes."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else race.folder) as image:
        for _ in range(race.disk_mib):
            image.write(bytes(MIB))
        image.flush()
        yield {"file": image.name, "snapshot": False}


def rates(one, many, read, write):
    """Figures of the nanoseconds that one of each takes."""
    return {"one": NS / one, "many": NS / many, "read": NS / read, "write": NS / write}


def our_disk(race):
    with blank_disk(race) as disk, ours.start(race, "tests/bench/disk.c", disks=[disk]) as guest:
        guest.until("^MiB written, time: .*\n")
        times = {name: float(ns) for name, ns in re.findall(r"^(.+), time: ([\d.]+)$", guest.text, re.M)}
    return rates(times["1 in flight"], times["32 in flight"], times["MiB read"], times["MiB written"])


def linux_disk(race):
    with blank_disk(race) as disk, race.linux.boot("disk", "/dev/vda", str(race.disk_mib), modules=DISK,
                                                   disks=[disk]) as guest:
        times = guest.figures()
    return rates(times["one"], times["many"], times["read"], times["write"])


CONTESTS = [
    Contest("disk", our_disk, linux_disk,
            [Row("read", "disk: sequential read, 1 MiB requests", 1, "MiB/s", more=True),
             Row("write", "disk: sequential write, 1 MiB requests", 1, "MiB/s", more=True),
             Row("one", "disk: 4 KiB random read, 1 in flight", 2.5, "a second", more=True),
             Row("many", "disk: 4 KiB random read, 32 in flight", 2, "a second", more=True)],
            "Time on the guest's clock, the image in /dev/shm. Ours: tests/bench/disk.c, block_read(), block_write() and "
            "block_submit(). Linux: linux_disk.c, O_DIRECT on /dev/vda, pread() and pwrite(), io_uring with its buffers and "
            "file registered; both end the writes with a flush."),
]
