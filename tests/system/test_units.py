# SPDX-License-Identifier: MIT
"""The unit tests in C, on all machines: each case is an item here. On host they run under the sanitizers.

A test of one machine's own files (it includes boot/host/... or boot/x86_64/...) is for host only, with its sanitizers.
"""
import glob
import os
import re

import boot
import pytest

NAMES = sorted(os.path.basename(path)[5:-2] for path in glob.glob(os.path.join(boot.ROOT, "tests/unit/test_*.c")))
FOLDER = os.path.join(boot.ROOT, "tests/unit")
TABLE = re.compile(r"const struct test unit_tests\[\] = \{(.*?)\n\};", re.S)


def read(name):
    with open(os.path.join(FOLDER, name)) as file:
        return file.read()


def source_of(name):
    return read(f"test_{name}.c")


def machines_of(name):
    return ("host",) if re.search('#include "boot/(host|x86_64)/', source_of(name)) else boot.MACHINES


def all_headers(source):
    """The text of a file of this folder, with that of the headers that it includes from there."""
    own = re.findall(r'(?m)^#include "(\w+\.h)"$', source)
    return source + "".join(all_headers(read(name)) for name in own if os.path.exists(os.path.join(FOLDER, name)))


# What stands in for files of the kernel has an image to itself, and what shall run in little memory. All others are one image,
# and say at boot which one runs.
ALONE = [name for name in NAMES if name == "exhaustion" or "void machine_clock_set_frequency" in all_headers(source_of(name))]
TOGETHER = {machine: " ".join(name for name in NAMES if name not in ALONE and machine in machines_of(name))
            for machine in boot.MACHINES}


def cases_of(name):
    """The cases in a test's table, read from its source; those of other tables show in the count."""
    table = TABLE.search(source_of(name))
    return re.findall(r'\{\s*"((?:[^"\\]|\\.)*)"', table.group(1)) if table else []


@pytest.fixture(scope="module")
def outcome(image):
    """outcome(name, machine): (output, exit status), run once."""
    done = {}

    def get(name, machine):
        if (name, machine) not in done:
            with boot.Session(machine, image(machine, UNIT=name if name in ALONE else TOGETHER[machine]),
                              append=f"unit={name}") as session:
                try:
                    status = session.wait()
                except boot.Failure as failure:
                    status = str(failure)
                done[name, machine] = boot.after_firmware(session.text), status
        return done[name, machine]
    return get


@pytest.mark.parametrize("name, case, machine", [(name, case, machine) for name in NAMES
                                                 for case in cases_of(name) for machine in machines_of(name)])
def test_case(outcome, name, case, machine):
    output, status = outcome(name, machine)
    # On the bare machine a case may print between its name and its verdict.
    passed = (rf"\[       OK \] {re.escape(case)}\n" if machine == "host" else
              rf"unit: {re.escape(case)} \.\.\.((?!\nunit: ).)* ok\n")
    assert re.search(passed, output, re.S), f"exit status {status}\n{output[-3000:]}"


@pytest.mark.parametrize("name, machine", [(name, machine) for name in NAMES for machine in machines_of(name)])
def test_whole(outcome, name, machine):
    output, status = outcome(name, machine)
    assert status == 0, f"exit status {status}\n{output[-3000:]}"
    ran = re.search(r"\[  PASSED  \] (\d+) test" if machine == "host" else r"(?m)^(0 failed)", output)
    assert ran, output[-3000:]


@pytest.mark.parametrize("machine", boot.MACHINES)
def test_exhaustion_with_8_mib(image, machine):
    with boot.Session(machine, image(machine, UNIT="exhaustion"), memory="8M") as session:
        status = session.wait()
    assert status == 0, f"exit status {status}\n{boot.after_firmware(session.text)[-3000:]}"
