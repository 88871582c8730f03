# SPDX-License-Identifier: MIT
"""A machine that QEMU plays, ours or with Linux in it: started with the same words, heard until it says something.

    guest = Guest(race, kernel, append="...", net="user tcp 80", more=["-initrd", path])
    match = guest.until(r"ready"); guest.seconds       since QEMU was started, when that had come
"""
import os
import re
import select
import subprocess
import time

import boot
import network

PATIENCE = 120 * float(os.environ.get("TSUMIKI_PATIENCE", "30")) / 30


class Silent(Exception):
    """The machine did not say what it should have; the text has what it said."""


class Guest:
    def __init__(self, race, kernel, append="", disks=(), net=None, icount=False, memory=None, more=()):
        self.net = network.network_of(net)
        line = boot.command_line(race.machine, kernel, memory or race.memory, append=append, disks=disks, net=self.net,
                                 bus=race.bus)
        line += [*more, *(["-icount", "shift=0"] if icount else [])]
        self.text, self.seconds, self.line = "", 0.0, line
        self.started = time.monotonic()
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

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
