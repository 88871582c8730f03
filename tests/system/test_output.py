# SPDX-License-Identifier: MIT
"""Programs whose output does not get where it should: they say why, or nothing when their reader has heard enough."""
import os

import boot
import disks
from conftest import BUILD

FULL = "output: no space left on the device"


def test_a_reader_that_has_heard_enough(shell):
    """Not an error of the writer's: no words."""
    for command, said in {"seq 100000 | sort | head -n 1": "1", "cat /dev/random | head -n 1 | wc -l": "1",
                          "yes | head -n 2": "y\ny",
                          "seq 100000 | tee /tmp/all | head -n 1; wc -l /tmp/all": "1\n100000 /tmp/all"}.items():
        assert shell.run(command).strip() == said, command


def test_a_full_disk_is_said(start, machine, tmp_path):
    boot.make("tools", BUILD=BUILD)
    path = str(tmp_path / "disk.img")
    disks.run(os.path.join(BUILD, "mkfs.tsfs"), path, "1M")
    session = start(machine, disks=[path])
    session.prompt()
    session.run("seq 19000 > /tmp/l; dd if=/dev/zero of=/room bs=4096 count=16; dd if=/dev/zero of=/fill bs=4096; rm /room")
    for command in ("cat /tmp/l", "yes", "seq 100000", "sort /tmp/l", "head -n 19000 /tmp/l",
                    "tail -n 19000 /tmp/l", "grep . /tmp/l", "hexdump /tmp/l"):
        assert session.run(f"{command} > /o; rm /o") == f"{command.split()[0]}: {FULL}\n", command
    session.run("> /o; dd if=/dev/zero of=/rest bs=4096")
    for command in ("ls -l /", "df", "ps", "stat /o", "find /", "wc /tmp/l", "tree", "history", "echo x"):
        name = command.split()[0].replace("history", "shell")
        assert session.run(f"{command} > /o; echo $?") == f"{name}: {FULL}\n1\n", command


def test_sort_gives_all_or_nothing(start, machine):
    """What cannot be read as a whole is not put in order."""
    session = start(machine)
    session.prompt()
    session.run("seq 3 > /tmp/three")
    assert session.run("sort /tmp/three /tmp/none").splitlines() == ["sort: /tmp/none: no such file or directory"]
    assert session.run("sort -r /tmp/three").split() == ["3", "2", "1"]
