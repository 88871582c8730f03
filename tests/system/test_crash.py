# SPDX-License-Identifier: MIT
"""Power cuts: tests/crash runs workloads at random on tsfs, and looks at what a cut at any moment leaves."""
import os
import random
import subprocess

import boot
import pytest
from conftest import BUILD


@pytest.fixture(scope="module")
def crash():
    """crash(sanitizers=False, seed=1, ...): without sanitizers it gets through five times as much."""
    images = {True: boot.build("host", TOOL="crash", BUILD=BUILD),
              False: boot.build("host", TOOL="crash", RELEASE="1", BUILD=BUILD)}

    def run(sanitizers=False, **options):
        words = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), str(value))]
        return subprocess.run([images[sanitizers], *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                              check=False, cwd=boot.ROOT)
    return run


@pytest.mark.parametrize("sanitizers, workloads", [(False, 200), (True, 30)])
def test_nothing_that_was_promised_is_lost(crash, sanitizers, workloads):
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"seed {seed}")
    done = crash(sanitizers, seed=seed, workloads=workloads, states=60)
    assert done.returncode == 0 and "all recovered" in done.stdout, done.stdout


def test_a_disk_that_forgets_flushes_is_noticed(crash):
    """Without them nothing can be promised: a test that finds no fault there would find none anywhere."""
    done = crash(seed=1, workloads=20, states=40, forget_flushes=1)
    assert done.returncode == 1 and "FAILED: --seed" in done.stdout, done.stdout
