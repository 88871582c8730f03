# SPDX-License-Identifier: MIT
"""A machine that QEMU plays, ours or with Linux in it: started with the same words, heard until it says something.

    guest = Guest(race, kernel, append="...", net="user tcp 80", more=["-initrd", path])
    match = guest.until(r"ready"); guest.seconds       since QEMU was started, when that had come
"""
import os
import re
import select
import signal
import subprocess
import time

import boot
import network

BUS = "mmio"  # virt, and microvm: the programs of ours do not look for PCI
PATIENCE = 300 * float(os.environ.get("TSUMIKI_PATIENCE", "30")) / 30


class Silent(Exception):
    """The machine did not say what it should have; the text has what it said."""


class Guest:
    """`seconds` and, once it was left, `cpu_seconds`: from the start of QEMU until what was last waited for, and until its
    end. `acpi`: a microvm that describes its devices by ACPI, and not on the kernel's command line."""

    def __init__(self, race, kernel, append="", disks=(), net=None, icount=False, memory=None, acpi=False, more=()):
        self.net = network.network_of(net)
        line = boot.command_line(race.machine, kernel, memory or race.memory, append=append, disks=disks, net=self.net,
                                 bus=BUS)
        line = [word.replace("microvm,acpi=off", "microvm") if acpi else word for word in line]
        self.line = line + [*more, *(["-icount", "shift=0"] if icount else [])]
        self.text, self.seconds, self.cpu_seconds = "", 0.0, 0.0
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    @property
    def has_ended(self):
        """By itself, or because it was left. It is not reaped: whoever leaves it does that."""
        return self.process.returncode is not None or bool(os.waitid(os.P_PID, self.process.pid,
                                                                     os.WEXITED | os.WNOHANG | os.WNOWAIT))

    def __exit__(self, *_):
        if self.process.returncode is not None:
            return
        os.kill(self.process.pid, signal.SIGKILL)  # not reaped yet, even if it has ended
        _, self.process.returncode, usage = os.wait4(self.process.pid, 0)
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        self.process.stdout.close()

    def cpu_now(self):
        """Seconds of processor that QEMU has used so far, all its threads."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def until(self, pattern, patience=PATIENCE):
        """Waits for a text that fits; returns the match, and notes the time at which it was there."""
        deadline = time.monotonic() + patience
        while True:
            found = re.search(pattern, self.text, re.M)
            if found:
                return found
            ready = select.select([self.process.stdout], [], [], max(deadline - time.monotonic(), 0))[0]
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                why = "it ended" if ready else f"not within {patience:.0f} s"
                raise Silent(f"{pattern} never came ({why}):\n{self.text}\n{' '.join(self.line)}")
            self.seconds = time.monotonic() - self.started
            self.text += piece.decode(errors="replace").replace("\r", "")

    def figures(self, last="end"):
        """All lines `name: figure` until the line `end`."""
        self.until(rf"^{last}$")
        return {name: float(value) for name, value in re.findall(r"^([\w ]+): ([\d.]+)$", self.text, re.M)}
