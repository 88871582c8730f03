# SPDX-License-Identifier: MIT
"""Debian's Linux, as the other side: its kernel out of the package, an initramfs of our own programs, all below build/race.

    linux = Linux(race)
    linux.ways                                {"bzImage": path, "PVH": path}: how it can be started
    linux.boot("threads")                     a Guest that runs tests/race/linux_threads.c, all else as for ours
    linux.boot("http", "600", modules=NET, ip=True, net="user tcp 80")
"""
import functools
import gzip
import lzma
import os
import re
import shutil
import struct
import subprocess
import zlib

import debian
from debian import Unavailable
from guest import Guest

HERE = os.path.dirname(os.path.abspath(__file__))
RELEASES = {"x86_64": "bookworm", "riscv64": "trixie"}  # Debian has riscv64 since trixie
COMPILERS = {"x86_64": ("gcc", "x86_64-linux-gnu-gcc"), "riscv64": ("riscv64-linux-gnu-gcc", "gcc")}
BUS = ("virtio_mmio",)
DISK, NET = ("virtio_blk",), ("virtio_net",)
MODULES = ("virtio", "virtio_ring", "virtio_mmio", "virtio_blk", "virtio_net", "net_failover", "failover")
WORDS = "console=ttyS0 quiet"
ADDRESS, GATEWAY = "10.0.2.15", "10.0.2.2"  # QEMU's user-mode network


# ---- Out of the package --------------------------------------------------------------------------------------------
def vmlinux_of(image):
    """The ELF file that a bzImage carries ("The Linux/x86 Boot Protocol": payload_offset, payload_length)."""
    sectors, = struct.unpack_from("<B", image, 0x1F1)
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[(sectors + 1) * 512 + offset:][:length]
    if payload.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd") and shutil.which("zstd"):
        return subprocess.run(["zstd", "-dcq"], input=payload, stdout=subprocess.PIPE, check=False).stdout
    raise Unavailable(f"the kernel is packed in a way that is not known here: {payload[:4].hex()}")


def needs_of(module):
    """The names of the modules that a module's file says it depends on."""
    found = re.search(rb"\0depends=([^\0]*)\0", b"\0" + module)
    return [name.replace("-", "_") for name in found[1].decode().split(",") if name] if found else []


def in_order(wanted, needs):
    """The names with all that they need, each behind its needs. `needs`: {name: [names]}; one that is not in there is a
    part of the kernel."""
    order = []
    for name in wanted:
        if name in needs and name not in order:
            order += [each for each in in_order(needs[name], needs) if each not in order] + [name]
    return order


# ---- The initramfs -------------------------------------------------------------------------------------------------
def cpio(files):
    """The archive, as the kernel unpacks it ("newc"), of {path: bytes}; folders are made, all may be executed."""
    folders = {path.rsplit("/", i)[0] for path in files for i in range(1, path.count("/") + 1)}
    entries = [(path, 0o40755, b"") for path in sorted(folders)] + [(path, 0o100755, data) for path, data in files.items()]
    archive = b""
    for number, (path, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0)
        archive += b"070701" + b"".join(b"%08X" % field for field in fields) + path.encode() + b"\0"
        archive += bytes(-len(archive) % 4) + data
        archive += bytes(-len(archive) % 4)
    return archive


class Linux:
    def __init__(self, race):
        self.race = race
        self.folder = os.path.join(race.folder, "linux")
        self.archive = debian.Archive(race.machine, RELEASES[race.machine], os.path.join(race.folder, "debian"))
        os.makedirs(self.folder, exist_ok=True)
        self.version = self._unpack()
        names = {"bzImage": "vmlinuz", "PVH": "vmlinux"} if race.machine == "x86_64" else {"Image": "vmlinux"}
        self.ways = {way: os.path.join(self.folder, name) for way, name in names.items()}

    def words(self, acpi, icount):
        """The start of the kernel's command line. On microvm, Linux has nothing to measure the time stamp counter with but
        the PIT, which fails when this host is busy; with ACPI it then waits for ever for a timer that is not there. So it
        is told the rate: this host's, or, with -icount shift=0, a tick each nanosecond."""
        if self.race.machine != "x86_64":
            return WORDS
        rate = [f"tsc_early_khz={1_000_000 if icount else self.ticks}"] if icount or self.ticks else []
        return " ".join([WORDS, "tsc=reliable", *rate, *([] if acpi else ["acpi=off"])])

    @functools.cached_property
    def ticks(self):
        """This host's time stamp counter, in kHz; 0 where it has none."""
        if os.uname().machine != "x86_64":
            return 0
        path = os.path.join(self.folder, "ticks")
        debian.run("gcc", "-O2", "-o", path, os.path.join(HERE, "ticks.c"))
        return int(debian.run(path))

    @property
    def fastest(self):
        """The way of starting it that takes the least time: nothing is to be unpacked."""
        return list(self.ways)[-1]

    def _unpack(self):
        """The kernel and the modules, into the folder; returns the version, written there last."""
        done = os.path.join(self.folder, "version")
        if not os.path.exists(done):
            general = f"linux-image-{self.archive.architecture}"
            name = next((each for each in self.archive.depends(general) if each.startswith("linux-image-")), general)
            package, = self.archive.fetch(name)
            patterns = [f"*/{each.replace('_', '[-_]')}.ko*" for each in MODULES]
            for path in debian.unpack(package, os.path.join(self.folder, "package"), "./boot/vmlinu?-*", *patterns):
                self._place(path)
            with open(done, "w") as file:
                file.write(f"{name}, {os.path.basename(package).split('_')[1]}, Debian {self.archive.release}")
        with open(done) as file:
            return file.read()

    def _place(self, path):
        with open(path, "rb") as file:
            data = file.read()
        name = os.path.basename(path)
        if ".ko" in name:
            data = lzma.decompress(data) if name.endswith(".xz") else data
            name = name.split(".")[0].replace("-", "_") + ".ko"
        else:
            name = name.split("-")[0]
            if name == "vmlinuz":
                with open(os.path.join(self.folder, "vmlinux"), "wb") as file:
                    file.write(vmlinux_of(data))
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    # ---- Programs ----------------------------------------------------------------------------------------------------
    def program(self, name):
        """tests/race/linux_NAME.c as a static program; its path. Beside it lies NAME.full, with symbols."""
        source, path = os.path.join(HERE, f"linux_{name}.c"), os.path.join(self.folder, name)
        parts = [source, os.path.join(HERE, "linux.h")]
        if not os.path.exists(path) or any(os.path.getmtime(path) < os.path.getmtime(part) for part in parts):
            compiler = next(filter(shutil.which, COMPILERS[self.race.machine]), None)
            if not compiler:
                raise Unavailable(f"no compiler makes Linux programs for {self.race.machine}: `tools/setup race`")
            debian.run(compiler, "-O2", "-static", "-Wall", "-Wextra", "-pthread", "-o", f"{path}.full", source)
            debian.run(compiler[:-3] + "strip", "-o", path, f"{path}.full")
        return path

    def busybox(self):
        """The path of Debian's busybox-static, for this machine."""
        path = os.path.join(self.folder, "busybox")
        if not os.path.exists(path):
            package, = self.archive.fetch("busybox-static")
            found, = debian.unpack(package, os.path.join(self.folder, "package"), "*/bin/busybox")
            shutil.copy(found, path)
        return path

    def modules_for(self, modules):
        """The modules with what plugs their devices in."""
        return (*BUS, *modules) if modules else ()

    def initramfs(self, programs, modules=(), files=None, pack=False):
        """An archive with /init, /bin/NAME for each of our programs, /modules in their order, and {path: bytes}. `pack`:
        compressed, to be small."""
        names = sorted(name[:-3] for name in os.listdir(self.folder) if name.endswith(".ko"))
        needs = {name: needs_of(self.read(f"{name}.ko")) for name in names}
        order = in_order(modules, needs)
        content = {"init": self.read(self.program("init")), "modules/order": "\n".join(order + [""]).encode()}
        content.update({f"modules/{name}.ko": self.read(f"{name}.ko") for name in order})
        content.update({f"bin/{name}": self.read(self.program(name)) for name in programs})
        data = cpio({**content, **(files or {})})
        path = os.path.join(self.folder, "-".join(["initramfs", *programs, *modules]))
        with open(path, "wb") as file:
            file.write(gzip.compress(data, 9) if pack else data)
        return path

    def read(self, name):
        """The bytes of a file in our folder, or at a path."""
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    # ---- Starting ------------------------------------------------------------------------------------------------------
    def boot(self, program, *arguments, modules=(), ip=False, files=None, way=None, words="", more=(), **options):
        """A Guest whose /init runs the program (one of ours, or a path in `files`). `ip`: it has an address; `words`: more
        for the kernel's command line; the other options are Guest's."""
        ours = [] if program.startswith("/") else [program]
        modules = self.modules_for(modules)
        archive = self.initramfs(ours, modules, files)
        acpi = bool(modules)  # virtio-mmio: Debian's kernel does not read devices from its command line
        append = [self.words(acpi, options.get("icount")), words,
                  *([f"ip={ADDRESS},{GATEWAY}"] if ip else []),
                  "--", f"/bin/{program}" if ours else program, *arguments]
        return Guest(self.race, self.ways[way or self.fastest], append=" ".join(filter(None, append)),
                     acpi=acpi, more=["-initrd", archive, *more], **options)
