# SPDX-License-Identifier: MIT
"""Disks for as long as is asked: plugs pulled at random moments, disks that fail now and then, power cuts by the thousand.

    make soak MINUTES=60
"""
import os
import subprocess
import sys
import time

import boot
import pytest

sys.path.insert(0, os.path.join(boot.ROOT, "tests", "system"))
import killed  # noqa: E402

BUILD = os.environ.get("TSUMIKI_TEST_BUILD", "build/test")
FAULTS = ("reorder,delay", "fail", "reorder,delay,fail", "lie", "withdraw")


@pytest.fixture(scope="module", autouse=True)
def tools():
    boot.make("tools", BUILD=BUILD)


@pytest.mark.parametrize("machine", boot.MACHINES)
def test_plugs_are_pulled(image, machine, tmp_path, minutes, seed):
    """The same disk lives through some deaths, then comes the next."""
    end, deaths = time.monotonic() + minutes * 60 / 4, 0
    while time.monotonic() < end:
        os.makedirs(tmp_path / str(deaths))
        plug = killed.Plug(machine, image(machine), str(tmp_path / str(deaths)), BUILD, f"{seed}+{deaths}")
        for _ in range(20):
            plug.pull()
            deaths += 1
    print(f"{machine}: seed {seed}, killed {deaths} times")


def test_power_cuts(minutes, seed):
    """All that a power cut can leave behind, of thousands of workloads (tests/crash)."""
    crash = boot.make("-j2", "print-image", TOOL="crash", RELEASE="1", BUILD=BUILD).stdout.splitlines()[-1]
    end, count = time.monotonic() + minutes * 60 / 4, 0
    while time.monotonic() < end:
        words = ["--seed", str(seed + count), "--workloads", "50"]
        done = subprocess.run([crash, *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, f"{crash} {' '.join(words)}\n{done.stdout[-4000:]}"
        count += 50
    print(f"seed {seed}: {count} workloads")


def test_unreliable_devices(start, tmp_path, minutes, seed):
    """Whatever the device does, the kernel neither hangs nor ends, and what it could write fsck.tsfs finds sound, unless the
    device has lied."""
    end, count = time.monotonic() + minutes * 60 / 8, 0
    while time.monotonic() < end:
        kinds = FAULTS[count % len(FAULTS)]
        path = str(tmp_path / "disk.img")
        killed.disks.make_disk(path, killed.disks.Disk("tsfs", "8M", "disk"), BUILD)
        with boot.Session("host", boot.build("host", BUILD=BUILD), append="root=none",
                          disks=[{"file": path, "snapshot": False}],
                          extra=["-faults", f"{kinds},seed={seed + count},rate={8 << count % 5}"]) as session:
            session.prompt()
            session.run("mkdir /mnt; mount /dev/vda /mnt; cd /mnt")
            for i in range(20):
                session.run(f"cp -r texts t{i}; sync; cat t{i}/* | wc; mv t{i} u; rm -rf u; ls; echo {i} > README; cat poem", 120)
            session.run("cd /; umount /mnt", 120)
            session.send("poweroff\n")
            session.wait(120)
            assert "PANIC" not in session.text and "Sanitizer" not in session.text, session.explain(f"faults {kinds}")
        if "lie" not in kinds:
            done = subprocess.run([os.path.join(BUILD, "fsck.tsfs"), path], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
            assert done.returncode == 0, f"seed {seed + count}, {kinds}: {done.stdout}"
        count += 1
    print(f"seed {seed}: {count} unreliable devices")
