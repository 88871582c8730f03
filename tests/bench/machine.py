# SPDX-License-Identifier: MIT
"""A machine that is measured: its images, how they are run, and how its figures are printed.

    machine = Machine("x86_64")
    image = machine.image(APP="tests/bench/bench.c")
    machine.cost("thread switch", 58, bar=80, linux=(2906, 2136))

Guest instructions are counted exactly by QEMU's -icount shift=0 and do not depend on this host. A process cannot count
them: its figures are nanoseconds of this host, and no bars are held against those.
"""
import contextlib
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
import boot  # noqa: E402

BUILD = os.environ.get("BUILD", "build")

class Machine:
    def __init__(self, name):
        self.name, self.counts = name, name != "host"

    def image(self, release="1", **variables):
        return boot.build(self.name, RELEASE=release, BUILD=BUILD, **variables)

    def line(self, image, memory="128M", append="", icount=True, disk=None, sleep=True, net=None):
        """The command that starts it. `sleep`: time passes, on the counter too, while the processor waits. Images that have
        timers far ahead need it, and subtract it themselves."""
        disks = [{"file": disk, "snapshot": False}] if disk else []
        line = boot.command_line(self.name, image, memory, append=append, disks=disks, net=net)
        if not self.counts:
            return line
        return line + ["-no-reboot"] + (["-icount", "shift=0" if sleep else "shift=0,sleep=off"] if icount else [])

    def run(self, image, seconds=300, **options):
        """Boots an image that ends by itself; its output as text. What has not ended after a while is ended."""
        process = subprocess.Popen(self.line(image, **options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=seconds)[0].decode(errors="replace").replace("\r", "")
        process.kill()
        return process.communicate()[0].decode(errors="replace").replace("\r", "")

    # ---- Printing --------------------------------------------------------------------------------------------------
    def heading(self):
        unit = "guest instructions" if self.counts else "ns of this host"
        print(f"\n{f'{self.name} (RELEASE=1, {unit})':<60} {'measured':>12} {'bar':>12} {'':<7} others", flush=True)

    def row(self, name, value, bar=None, at_least=False, others="", digits=2):
        """One line. The bar is what the value may be at most, or has to be at least."""
        verdict = "" if bar is None else "within"
        if bar is not None and (value < bar if at_least else value > bar):
            verdict = "BELOW" if at_least else "ABOVE"
        limit = "" if bar is None else f"{'>= ' if at_least else '<= '}{bar:,}"
        print(f"{name:<60} {value:>12,.{digits}f} {limit:>12} {verdict:<7} {others}".rstrip(), flush=True)

    def cost(self, name, value, bar=None, linux=()):
        """The same of a cost. `linux`: what Linux needs, on riscv64 and, where that was measured, on x86_64."""
        theirs = dict(zip(("riscv64", "x86_64"), linux)).get(self.name)
        self.row(name, value, bar if self.counts else None, digits=0, others=f"Linux {theirs:,}" if theirs else "")


@contextlib.contextmanager
def blank_disk(mib):
    """The path of an image in memory."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as image:
        image.truncate(mib << 20)
        yield image.name
