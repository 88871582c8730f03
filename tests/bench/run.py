#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The figures of speed and size, beside their bars: `make bench`.

Guest instructions are counted exactly by QEMU's -icount shift=0 and do not depend on this machine. Wall-clock figures are
ratios of two commands that take turns in one run, medians of five rounds. Nothing here is asserted: it prints.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import net  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", "build")
RV = f"{BUILD}/riscv64-release"
HOST = f"{BUILD}/host-release"
PROMPT = b"tsumiki$ "


def make(*arguments):
    subprocess.run(["make", "-s", "-C", TOP, "RELEASE=1", *arguments, "image"], check=True, stdout=subprocess.DEVNULL)


def qemu_line(image, *, memory="128M", append="", icount=True, disk=None, sleep=False):
    line = ["qemu-system-riscv64", "-machine", "virt", "-m", memory, "-display", "none", "-monitor", "none",
            "-serial", "stdio", "-global", "virtio-mmio.force-legacy=false", "-nic", "none", "-kernel", image]
    if append:
        line += ["-append", append]
    if disk:
        line += ["-drive", f"file={disk},format=raw,if=none,id=disk", "-device",
                 "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0"]
    # With a disk, time must not pass while the processor waits: the counter follows the time. Images that have timers far
    # ahead need it to pass (`sleep`); they subtract it themselves.
    if icount:
        line += ["-icount", "shift=0,sleep=off" if disk and not sleep else "shift=0"]
    return line


def boot(image, **options):
    """Boots an image that ends by itself; its output as text."""
    run = subprocess.run(qemu_line(image, **options), cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=300)
    return run.stdout.decode(errors="replace")


def row(name, value, bar=None, others="", at_least=False):
    """One line. The bar is what the value may be at most, or has to be at least."""
    number = float(re.match(r"[\d.]+", value.replace(",", "")).group())
    verdict = "within" if bar is not None else ""
    if bar is not None and number != bar and (number > bar) != at_least:
        verdict = "BELOW" if at_least else "ABOVE"
    bar = "" if bar is None else f"{'>= ' if at_least else ''}{bar:,}"
    print(f"{name:<52} {value:>16} {bar:>10} {verdict:<7} {others}", flush=True)


def operations():
    """What tests/bench/bench.c prints."""
    make("APP=tests/bench/bench.c")
    output = boot(f"{RV}/app-bench", memory="512M")
    figures = {m[1]: float(m[2]) for m in re.finditer(r"^(.+): ([\d.]+) instructions", output, re.M)}
    if not figures:
        sys.exit(f"the bench image printed no figures:\n{output}")
    bars = {
        "thread switch by yield": (80, "Linux sched_yield 2,906; floor 36"),
        "channel round trip": (500, "Linux pipe 14,310"),
        "create + exit + join": (1500, "Linux 47,620"),
        "page_alloc_dirty(1) + page_free": (200, ""),
        "heap alloc + free, 64 bytes": (120, ""),
    }
    for name, value in figures.items():
        bar, others = bars.get(name, (None, ""))
        row(name, f"{value:,.1f}", bar, others)
    for name in ("create + exit + join", "sleep + wake"):
        ratio = figures[f"{name}, 10,000 live"] / figures[name]
        row(f"{name}: 10,000 live against 10", f"{ratio:.2f}", 1.5)


def raw_disk():
    """What tests/bench/disk.c prints, with a raw image in memory."""
    make("APP=tests/bench/disk.c")
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as image:
        image.truncate(64 << 20)

        def measure(**options):
            output = boot(f"{RV}/app-disk", disk=image.name, sleep=True, **options)
            found = {(m[1], m[2]): float(m[3]) for m in re.finditer(r"^(.+), (.+): ([\d.]+)\r?$", output, re.M)}
            return found or sys.exit(f"the disk's image printed no figures:\n{output}")

        counted, timed = measure(), [measure(icount=False) for _ in range(5)]
        without = measure(append="virtio.event_idx=0")
    one, many, unit = "1 in flight", "32 in flight", "instructions"
    row(f"disk: 4 KiB random read, {one}", f"{counted[one, unit]:,.0f}", 4000, "Linux 18,780")
    for stage in ("block_submit()", "block_start()", "sleep + interrupt + done() + wake"):
        row(f"  of it {stage}", f"{counted[one, stage]:,.0f}")
    row(f"disk: 4 KiB random read, {many}", f"{counted[many, unit]:,.0f}", 2500, "Linux 11,510")
    row("disk: MiB read in sequence", f"{counted['MiB read', unit]:,.0f}", 60_000, "Linux 277,600")
    row("disk: MiB written in sequence", f"{counted['MiB written', unit]:,.0f}", 60_000, "Linux 252,000")
    ratio = statistics.median(t[one, "time"] / t[many, "time"] for t in timed)
    row(f"disk: rate of 4 KiB random reads, {many} against 1", f"{ratio:.2f}", 2.5, "Linux 1.3 to 1.8", at_least=True)
    # QEMU ends what it has under one lock, so one interrupt serves many requests either way.
    for what in ("interrupts", "notifications"):
        row(f"disk: {what} per request, {many}", f"{counted[many, what]:.4f}")
        row("  with virtio.event_idx=0", f"{without[many, what]:.4f}")


def block_cache():
    """What tests/bench/cache.c prints, with a raw image in memory."""
    make("APP=tests/bench/cache.c")
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as image:
        image.truncate(64 << 20)
        output = boot(f"{RV}/app-cache", disk=image.name)
    figures = {m[1]: float(m[2]) for m in re.finditer(r"^(.+): ([\d.]+) instructions", output, re.M)}
    bars = {"4 KiB, hit": 1700, "4 KiB, sequential miss": 2400, "4 KiB, sequential miss when full": 2400,
            "MiB read past it": 60_000, "MiB written past it": 60_000}
    for name, value in figures.items():
        row(f"cache: {name}", f"{value:,.0f}", bars.get(name))
    if not set(bars) <= set(figures):
        sys.exit(f"the cache's image did not print all figures:\n{output}")


def file_system():
    """What tests/bench/fs.c prints, with an image in memory: once counted, once timed."""
    make("APP=tests/bench/fs.c")

    def measure(**options):
        with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as image:
            image.truncate(768 << 20)
            output = boot(f"{RV}/app-fs", disk=image.name, sleep=True, **options)
        found = [(m[1], m[2], float(m[3])) for m in re.finditer(r"^(.+), (.+): ([\d.]+)\r?$", output, re.M)]
        return found or sys.exit(f"the file system's image printed no figures:\n{output}")

    counted = {(name, what): value for name, what, value in measure()}
    timed = measure(append="rates=1", icount=False)
    bars = {"create + unlink, empty": 25_000, "create + unlink, 1 KiB": 25_000}
    for (name, what), value in counted.items():
        if what == "instructions":
            row(f"tsfs: {name}", f"{value:,.0f}", bars.get(name))
    ratio = counted["10,000 files", "the last 100"] / counted["10,000 files", "the first 100"]
    row("tsfs: 10,000 files created: the last 100 against the first", f"{ratio:.2f}", 2)
    for what in ("lookup", "create", "unlink"):
        ratio = counted["100,000 names", what] / counted["100 names", what]
        row(f"tsfs: {what} among 100,000 names against 100", f"{ratio:.2f}", 2)
    for name, bar in (("read", 0.85), ("write", 0.7)):
        rate = statistics.median(value for which, _, value in timed if which == name)
        row(f"tsfs: 256 MiB {name} in sequence, rate against raw", f"{rate:.2f}", bar, at_least=True)


def network():
    make("APP=tests/bench/net.c")
    net.run(row, f"{RV}/app-net")


def boot_cost():
    """From the first instruction to the first wait, with the prompt on the screen: tests/bench/boot.gdb reads the count."""
    make()
    counts = {}
    gdb = next(g for g in ("gdb-multiarch", "riscv64-unknown-elf-gdb", "riscv64-elf-gdb", "gdb") if shutil.which(g))
    for memory in ("64M", "128M", "8G"):
        with tempfile.TemporaryDirectory() as folder:
            port = f"{folder}/gdb"
            line = qemu_line(f"{RV}/tsumiki", memory=memory)
            line[line.index("-serial") + 1] = "null"
            line += ["-S", "-chardev", f"socket,id=gdb,path={port},server=on,wait=off", "-gdb", "chardev:gdb"]
            qemu = subprocess.Popen(line, cwd=TOP, stderr=subprocess.DEVNULL)
            while not os.path.exists(port):
                time.sleep(0.05)
            output = subprocess.run([gdb, "-nx", "-batch", "-ex", "set architecture riscv:rv64", "-ex",
                                     f"target remote {port}", "-x", "tests/bench/boot.gdb", f"{RV}/tsumiki"], cwd=TOP,
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
            qemu.kill()
            qemu.wait()
        found = dict(re.findall(r"^(entry|prompt) (\d+)$", output.stdout, re.M))
        if len(found) != 2:
            sys.exit(f"gdb did not read the counts:\n{output.stdout}{output.stderr}")
        counts[memory] = int(found["prompt"]) - int(found["entry"])
        row(f"kernel entry to prompt, -m {memory}", f"{counts[memory]:,}", 600_000,
            "1,000 Lines 2.8 M; Linux 1,300 M" if memory == "128M" else "")
    row("the same, -m 8G against -m 64M", f"{counts['8G'] / counts['64M']:.3f}", 1.05)


def until_seen(image, wanted):
    """Seconds from the start of QEMU until its console shows something."""
    start = time.monotonic()
    process = subprocess.Popen(qemu_line(image, icount=False), cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
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
    subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def wall_clock():
    make("APP=tests/bench/empty.c")
    make("MACHINE=host", "APP=apps/hello.c")
    full, empty = [], []
    for _ in range(5):
        full.append(until_seen(f"{RV}/tsumiki", PROMPT))
        empty.append(until_seen(f"{RV}/app-empty", b"EMPTY"))
    row("QEMU start to prompt, over an empty kernel",
        f"{statistics.median(f / e for f, e in zip(full, empty)):.2f}", 1.3, "xv6 4 times, Linux 20 times")
    with tempfile.TemporaryDirectory() as folder:
        source, nothing = f"{folder}/nothing.c", f"{folder}/nothing"
        with open(source, "w") as file:
            file.write("int main(void) { return 0; }\n")
        subprocess.run(["gcc", "-O2", "-static", "-o", nothing, source], check=True)
        rounds = [(until_end([f"{HOST}/app-hello"]), until_end([nothing])) for _ in range(200)]
    extra_ms = statistics.median(h - n for h, n in rounds) * 1000
    row("host: hello app over an empty process, ms", f"{extra_ms:.3f}", 0.5, "Solo5 spt 0.25 ms")


def sizes():
    make("CHAPTER=01")
    make("CHAPTER=13")
    make("APP=apps/hello.c")
    make("APP=apps/httpd.c")
    make("APP=apps/httpd.c", "RELEASE=small")
    for name, image, bar in (("chapter 01", f"{RV}/chapter-01", 4), ("hello app", f"{RV}/app-hello", 12),
                             ("chapter 13, the shell", f"{RV}/chapter-13", 128), ("whole system", f"{RV}/tsumiki", None),
                             ("httpd app", f"{RV}/app-httpd", None),
                             ("httpd app, RELEASE=small", f"{BUILD}/riscv64-small/app-httpd", 96)):
        text = subprocess.run(["size", "-A", image], cwd=TOP, capture_output=True, text=True).stdout
        used = sum(int(m[2]) for m in re.finditer(r"^\.(text|rodata|symbols)\s+(\d+)", text, re.M))
        row(f"image of {name}: text + rodata + symbols, KiB", f"{used / 1024:.1f}", bar)


def least_memory():
    for mib in range(3, 65):
        output = boot(f"{RV}/tsumiki", memory=f"{mib}M", append='run="echo reached"', icount=False)
        if "reached" in output:
            row("least -m that reaches the prompt, MiB", f"{mib}", 8, "Linux 80; 1,000 Lines 8")
            return
    print("no memory size up to 64M reaches the prompt")


def main():
    print(f"{'what (riscv64, RELEASE=1, guest instructions)':<52} {'measured':>16} {'at most':>10} {'':<7} others")
    operations()
    raw_disk()
    block_cache()
    file_system()
    network()
    boot_cost()
    sizes()
    least_memory()
    wall_clock()


if __name__ == "__main__":
    main()
