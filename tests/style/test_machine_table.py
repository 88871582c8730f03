# SPDX-License-Identifier: MIT
"""README's table of what is tried on which machine, held against the tests that were found in this run."""
import inspect
import os
import re

import boot
import pytest

# A row of the table, and the files of tests/ that it stands for.
ROWS = {
    "unit tests": "units",
    "the program of every chapter": "chapters",
    "both compilers, for speed and for size": "builds",
    "booting: memory, processors, damaged device trees": "boot device_trees",
    "the shell and its output": "shell output",
    "virtio; on PCI, with wires and messages": "virtio pci",
    "disks, their faults, a machine killed while it writes": "disk disk_faults disk_kills disk_trees",
    "files; FAT, against Linux' tools": "files_shell fat",
    "sockets, names, neighbours; no card, four cards": "sockets ip names neighbours net_limits net_host",
    "the web server and its clients": "httpd httpd_app wget slow_clients",
    "captures, and connections drawn": "tcpdump tcptrace",
    "real clients, Linux' TCP over a bad cable": "interop",
    "networks in virtual time, every state after a power cut": "sim crowds crash",
    "the text of the pages, `make gdb`, tools": "text tools",
}
# Of one machine alone, or of none.
OTHERS = "x86_64 grub host_devices host_process mkfs race_network"


def own_source(item):
    """The test's lines, and those of its file's fixtures that it asks for."""
    fixtures = [found[-1].func for found in item._fixtureinfo.name2fixturedefs.values()
                if found[-1].func.__module__ == item.module.__name__]
    return "".join(inspect.getsource(function) for function in [item.function, *fixtures])


def machines_of(item):
    """Of a test's parameters, or else those that it names."""
    given = {word for word in re.split(r"[^\w]", item.name) if word in boot.MACHINES}
    return given or {machine for machine in boot.MACHINES if f'"{machine}"' in own_source(item)}


@pytest.fixture(scope="module")
def tests(request):
    """{file: {test: {machine}}}"""
    found = {}
    for item in request.session.items:
        name = item.module.__name__.rpartition(".")[2].removeprefix("test_")
        folder = os.path.basename(os.path.dirname(item.path))
        if folder == "system":
            found.setdefault(name, {}).setdefault(item.originalname, set()).update(machines_of(item))
    if set(found) != {name[5:-3] for name in os.listdir(os.path.join(boot.ROOT, "tests/system")) if name.startswith("test_")}:
        pytest.skip("only some of the tests were asked for")
    return found


def test_every_file_is_in_a_row(tests):
    known = " ".join([*ROWS.values(), OTHERS]).split()
    assert len(known) == len(set(known))
    for name in set(known) ^ set(tests):
        pytest.fail(f"tests/system/test_{name}.py: expected it in ROWS, or in OTHERS, above; and if it is there, to exist")


def share(count, total):
    return "all" if count == total else "most" if 2 * count > total else "some" if count else ""


def test_readme_says_which_machine_each_is_tried_on(tests):
    """A cell: of the tests that start a machine, how many start this one."""
    lines = []
    for words, files in ROWS.items():
        ways = [machines for file in files.split() for machines in tests[file].values() if machines]
        cells = [share(sum(machine in way for way in ways), len(ways)) for machine in boot.MACHINES]
        lines.append(f"| {words} | {' | '.join(cells)} |".replace("  |", " |"))
    table = "\n".join(lines)
    with open(os.path.join(boot.ROOT, "README.md")) as readme:
        assert table in readme.read(), f"README's table should be:\n{table}"
