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
    "booting: memory, processors, GRUB, damaged device trees": "boot device_trees grub",
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


def test_every_file_for_several_machines_is_in_a_row(tests):
    known = " ".join(ROWS.values()).split()
    assert len(known) == len(set(known)) and set(known) <= set(tests)
    for name in set(tests) - set(known):
        machines = set().union(*tests[name].values())
        assert len(machines) < 2, f"tests/system/test_{name}.py tries {machines}: add it to a row of ROWS, above"


def is_right(cell, count, total):
    """All of the tests that start a machine start this one, most of them, some, or none. Half may be called either."""
    share = count / total
    return {"all": share == 1, "most": share > 0.4, "some": 0 < share < 0.6, "": share == 0}[cell]


@pytest.mark.parametrize("words", ROWS)
def test_readme_says_which_machine_it_is_tried_on(tests, words):
    with open(os.path.join(boot.ROOT, "README.md")) as readme:
        row = re.search(rf"^\| {re.escape(words)} \|(.*)\|$", readme.read(), re.M)
    assert row, f"README's table has no row: {words}"
    ways = [machines for file in ROWS[words].split() for machines in tests[file].values() if machines]
    for cell, machine in zip(row[1].split("|"), boot.MACHINES):
        count = sum(machine in way for way in ways)
        assert is_right(cell.strip(), count, len(ways)), f"{machine}: {count} of {len(ways)}, and README says{cell}"
