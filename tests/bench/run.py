#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The figures of speed and size, beside their bars: `make bench`.

    tests/bench/run.py [MACHINE ...] [PART ...]     all machines and parts unless some are named: x86_64 network

Costs are guest instructions (machine.py). Wall-clock figures are ratios of two commands that take turns in one run, medians
of five rounds. Nothing here is asserted: it prints.
"""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import net  # noqa: E402
from machine import Machine, blank_disk, boot  # noqa: E402
import elf  # noqa: E402

PROMPT = b"tsumiki$ "
LOW = (1 << 47) - 1  # the bits of an address that translation is not asked for
LINE = re.compile(r"^(.+), (.+): ([\d.]+)$", re.M)  # of disk.c and fs.c


def figures(output, pattern, kind):
    """What an image printed, by name."""
    found = {m[1]: float(m[2]) for m in re.finditer(pattern, output, re.M)}
    return found or sys.exit(f"the {kind} image printed no figures:\n{output}")


def operations(machine):
    """What tests/bench/bench.c prints."""
    output = machine.run(machine.image(APP="tests/bench/bench.c"), memory="512M")
    found = figures(output, r"^(.+): ([\d.]+) (?:instructions|ns)$", "operations'")
    bars = {
        "thread switch by yield": (80, (2_906, 2_136)),
        "channel round trip": (500, (14_310,)),
        "create + exit + join": (1500, (47_620, 50_350)),
        "page_alloc_dirty(1) + page_free": (200,),
        "heap alloc + free, 64 bytes": (120,),
    }
    for name, value in found.items():
        machine.cost(name, value, *bars.get(name, ()))
    for name in ("create + exit + join", "sleep + wake"):
        machine.row(f"{name}: 10,000 live against 10", found[f"{name}, 10,000 live"] / found[name], 1.5)


def raw_disk(machine):
    """What tests/bench/disk.c prints."""
    image = machine.image(APP="tests/bench/disk.c")
    with blank_disk(64) as disk:
        def measure(**options):
            output = machine.run(image, disk=disk, **options)
            found = {(m[1], m[2]): float(m[3]) for m in LINE.finditer(output)}
            return found or sys.exit(f"the disk's image printed no figures:\n{output}")

        counted, timed = measure(), [measure(icount=False) for _ in range(5)]
        without = measure(append="virtio.event_idx=0")
    one, many, unit = "1 in flight", "32 in flight", "instructions" if machine.counts else "ns"
    machine.cost(f"disk: 4 KiB random read, {one}", counted[one, unit], 4000, (18_780,))
    for stage in ("block_submit()", "block_start()", "sleep + interrupt + done() + wake"):
        machine.cost(f"  of it {stage}", counted[one, stage])
    machine.cost(f"disk: 4 KiB random read, {many}", counted[many, unit], 2500, (11_510,))
    machine.cost("disk: MiB read in sequence", counted["MiB read", unit], 60_000, (277_600,))
    machine.cost("disk: MiB written in sequence", counted["MiB written", unit], 60_000, (252_000,))
    ratio = statistics.median(t[one, "time"] / t[many, "time"] for t in timed)
    machine.row(f"disk: rate of 4 KiB random reads, {many} against 1", ratio, 2.5 if machine.counts else None, at_least=True,
                others="Linux 1.3 to 1.8")
    # QEMU ends what it has under one lock, so one interrupt serves many requests either way.
    for what in ("interrupts", "notifications"):
        machine.row(f"disk: {what} per request, {many}", counted[many, what], digits=4)
        machine.row("  with virtio.event_idx=0", without[many, what], digits=4)


def block_cache(machine):
    """What tests/bench/cache.c prints."""
    with blank_disk(64) as disk:
        output = machine.run(machine.image(APP="tests/bench/cache.c"), disk=disk, sleep=False)
    bars = {"4 KiB, hit": 1700, "4 KiB, sequential miss": 2400, "4 KiB, sequential miss when full": 2400,
            "MiB read past it": 60_000, "MiB written past it": 60_000}
    found = figures(output, r"^(.+): ([\d.]+) (?:instructions|ns)$", "cache's")
    for name, value in found.items():
        machine.cost(f"cache: {name}", value, bars.get(name))
    if not set(bars) <= set(found):
        sys.exit(f"the cache's image did not print all figures:\n{output}")


def file_system(machine):
    """What tests/bench/fs.c prints: once counted, once timed."""
    image = machine.image(APP="tests/bench/fs.c")

    def measure(**options):
        with blank_disk(768) as disk:
            output = machine.run(image, disk=disk, **options)
        return [(m[1], m[2], float(m[3])) for m in LINE.finditer(output)] or \
            sys.exit(f"the file system's image printed no figures:\n{output}")

    counted = {(name, what): value for name, what, value in measure()}
    timed = measure(append="rates=1", icount=False)
    bars = {"create + unlink, empty": 25_000, "create + unlink, 1 KiB": 25_000}
    for (name, what), value in counted.items():
        if what in ("instructions", "ns"):
            machine.cost(f"tsfs: {name}", value, bars.get(name))
    ratio = counted["10,000 files", "the last 100"] / counted["10,000 files", "the first 100"]
    machine.row("tsfs: 10,000 files created: the last 100 against the first", ratio, 2)
    for what in ("lookup", "create", "unlink"):
        machine.row(f"tsfs: {what} among 100,000 names against 100",
                    counted["100,000 names", what] / counted["100 names", what], 2)
    for name, bar in (("read", 0.85), ("write", 0.7)):
        rate = statistics.median(value for which, _, value in timed if which == name)
        machine.row(f"tsfs: 256 MiB {name} in sequence, rate against raw", rate, bar, at_least=True)


def network(machine):
    net.run(machine)


def executed(machine, image, **options):
    """How many instructions lead from the image's first to the wait for a key: QEMU tells each, with its address. A disk may
    be waited for before: then, too, the line that begins with the prompt comes first."""
    places = {symbol.name: symbol.value for symbol in elf.Elf(image).symbols()}
    low = places["_start"] & LOW  # where it lies before translation, and above all addresses with it
    ranges = ",".join(f"{start:#x}+{8 << 20:#x}" for start in {low, places["_start"]})
    qemu = subprocess.Popen([*machine.line(image, **options), "-singlestep", "-d", "exec,nochain", "-dfilter", ranges],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    count, prompted = 0, False
    for line in qemu.stderr:
        found = re.match(r"Trace .*\[[0-9a-f]+/([0-9a-f]+)/", line)
        place = int(found[1], 16) if found else 0
        if place & LOW == low:
            count = 0  # the firmware may have been there before
        prompted |= place == places["line_show_prompt"]
        if prompted and place == places["machine_wait"]:
            break
        count += bool(found)
    else:
        sys.exit(f"{image} ended before it waited (QEMU's status {qemu.wait()})")
    qemu.kill()
    qemu.communicate()
    return count


def boot_cost(machine):
    if not machine.counts:
        return
    counts = {memory: executed(machine, machine.image(), memory=memory) for memory in ("64M", "128M", "8G")}
    for memory, count in counts.items():
        machine.cost(f"kernel entry to prompt, -m {memory}", count, 600_000, (1_300_000_000, 1_460_000_000))
    machine.row("the same, -m 8G against -m 64M", counts["8G"] / counts["64M"], 1.05, digits=3)


def until_seen(line, wanted):
    """Seconds from the start of a command until it shows something."""
    start = time.monotonic()
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    seen = b""
    while wanted not in seen:
        piece = os.read(process.stdout.fileno(), 4096)
        if not piece:
            sys.exit(f"{wanted} never came: {seen.decode(errors='replace')}")
        seen += piece
    seconds = time.monotonic() - start
    process.kill()
    process.wait()
    return seconds


def until_end(command):
    start = time.monotonic()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    return time.monotonic() - start


def start(machine):
    """How long until the prompt, against what cannot be avoided: QEMU and the firmware, a process."""
    if machine.counts:
        full, empty = (machine.line(machine.image(**what), icount=False) for what in ({}, {"APP": "tests/bench/empty.c"}))
        rounds = [(until_seen(full, PROMPT), until_seen(empty, b"EMPTY")) for _ in range(5)]
        machine.row("QEMU start to prompt, over an empty kernel", statistics.median(f / e for f, e in rounds), 1.3,
                    others="xv6 4, Linux 20 times (riscv64)")
        return
    hello = machine.line(machine.image(APP="apps/hello.c"))
    with tempfile.TemporaryDirectory() as folder:
        source, nothing = f"{folder}/nothing.c", f"{folder}/nothing"
        with open(source, "w") as file:
            file.write("int main(void) { return 0; }\n")
        subprocess.run(["gcc", "-O2", "-static", "-o", nothing, source], check=True)
        rounds = [(until_end(hello), until_end([nothing])) for _ in range(200)]
    machine.row("hello app over an empty process, ms", statistics.median(h - n for h, n in rounds) * 1000, 0.5,
                others="Solo5 spt 0.25", digits=3)


def sizes(machine):
    if not machine.counts:
        return
    for name, bar, what in (("chapter 01", 4, {"CHAPTER": "01"}), ("hello app", 12, {"APP": "apps/hello.c"}),
                            ("chapter 13, the shell", 128, {"CHAPTER": "13"}), ("whole system", None, {}),
                            ("httpd app", None, {"APP": "apps/httpd.c"}),
                            ("httpd app, RELEASE=small", 96, {"APP": "apps/httpd.c", "release": "small"})):
        text = subprocess.run(["size", "-A", machine.image(**what)], capture_output=True, text=True, check=True).stdout
        used = sum(int(m[2]) for m in re.finditer(r"^\.(text|rodata|symbols)\s+(\d+)", text, re.M))
        machine.row(f"image of {name}: text + rodata + symbols, KiB", used / 1024, bar, digits=1)


def least_memory(machine):
    for name, image, append, linux in (("the prompt", machine.image(), 'run="echo reached"', "Linux 80, 88 on x86_64"),
                                       ("the end of the hello app", machine.image(APP="apps/hello.c"), "", "")):
        sizes_mib = (mib for mib in range(1, 65) if re.search(
            "reached|hello from", machine.run(image, memory=f"{mib}M", append=append, icount=False, seconds=20)))
        machine.row(f"least -m that reaches {name}, MiB", next(sizes_mib, 64), 8, others=linux, digits=0)


PARTS = (operations, raw_disk, block_cache, file_system, network, boot_cost, sizes, least_memory, start)


def main(words):
    known = {part.__name__ for part in PARTS} | set(boot.MACHINES)
    if not set(words) <= known:
        sys.exit(f"{__doc__}\nThere are: {', '.join(sorted(known))}")
    parts = [part for part in PARTS if part.__name__ in words] or PARTS
    for name in [name for name in boot.MACHINES if name in words] or boot.MACHINES:
        machine = Machine(name)
        machine.heading()
        for part in parts:
            part(machine)


if __name__ == "__main__":
    main(sys.argv[1:])
