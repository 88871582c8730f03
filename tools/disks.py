# SPDX-License-Identifier: MIT
"""Disks: how a machine is told of them, and how fresh ones are made.

    words = arguments("riscv64", ["a.img", {"file": "b.img", "snapshot": False}])
    make_disk("/tmp/x.img", Disk("tsfs", "16M", "disk"), build="build")

A disk is the path of an image, which then is never changed (what the machine writes is forgotten at its end), or a
dict: file, snapshot (True unless said), readonly, options (more words for QEMU's -drive, such as "cache=none").
"""
import os
import re
import shutil
import subprocess
from collections import namedtuple

import bus

# What a chapter's `expect` or a test asks for. kind: blank, tsfs or fat; folder: what is on it at first, or None.
Disk = namedtuple("Disk", "kind size folder")

KINDS = {"blank": "zeros", "tsfs": "our own file system", "fat": "what mkfs.vfat makes"}
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class DiskError(Exception):
    """No such disk can be had; the text says why, for a person."""


# ---- Telling the machine -----------------------------------------------------------------------------------------
def arguments(machine, disks, where=bus.DEFAULT, room=bus.PLACES - bus.FIRST_DISK):
    """The words of the command line that plug in the disks: vda first. `where`: mmio or pci."""
    if len(disks) > room:
        raise DiskError(f"{len(disks)} disks are too many: QEMU's virt has room for {room} here.")
    words = []
    for number, disk in enumerate(disks):
        disk = {"file": disk} if isinstance(disk, (str, os.PathLike)) else disk
        drive = [f"file={str(disk['file']).replace(',', ',,')}"]
        drive += ["readonly=on"] if disk.get("readonly") else ["snapshot=on"] if disk.get("snapshot", True) else []
        if machine == "host":
            words += ["-drive", ",".join(drive)]
            continue
        # An image that nobody changes may be in use elsewhere; of one that is written QEMU makes sure that it is not.
        if len(drive) > 1 and ":" not in str(disk["file"]):
            drive.append("file.locking=off")
        drive += ["format=raw", "if=none", f"id=disk{number}"]
        drive += [disk["options"]] if disk.get("options") else []
        words += ["-drive", ",".join(drive),
                  "-device", bus.plug(where, "blk", bus.FIRST_DISK + number, f"drive=disk{number}")]
    return words


# ---- Making one --------------------------------------------------------------------------------------------------
def parse(words):
    """The Disk of a line such as `tsfs 16M disk`."""
    kind, size, folder, *more = [*words.split(), None, None][:max(3, len(words.split()))]
    if kind not in KINDS or not re.fullmatch(r"[1-9]\d*[KMGT]?", size or "") or more or (folder and kind == "blank"):
        raise DiskError(f"`{words}` describes no disk: expected `blank 16M`, or `tsfs` or `fat`, a size and perhaps a "
                        "folder.")
    return Disk(kind, size, folder)


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        raise DiskError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout}")


def find_program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise DiskError(f"{name} is not here. `make setup` installs it, `make doctor` judges every tool.")
    return found


def make_disk(path, disk, tools):
    """Makes the image at the path, whatever was there. `tools` is the folder of mkfs.tsfs (`make tools`)."""
    if os.path.exists(path):
        os.unlink(path)
    if disk.kind == "tsfs":
        return run(os.path.join(tools, "mkfs.tsfs"), path, disk.size, *([disk.folder] if disk.folder else []))
    with open(path, "wb") as image:
        image.truncate(int(disk.size.rstrip("KMGT")) * UNITS[disk.size.lstrip("0123456789")])
    if disk.kind == "fat":
        run(find_program("mkfs.vfat"), "--invariant", path)
        if disk.folder:
            fill_fat(path, disk.folder)
    return None


def fill_fat(path, top):
    """Name by name in their order: `mcopy -s` takes the host's, which is another on every file system."""
    for folder, folders, names in os.walk(top, followlinks=True):
        folders.sort()
        inside = os.path.normpath(os.path.join("/", os.path.relpath(folder, top)))
        if folder != top:
            run(find_program("mmd"), "-i", path, f"::{inside}")
        if names:
            run(find_program("mcopy"), "-m", "-i", path, *(os.path.join(folder, name) for name in sorted(names)),
                f"::{inside}")
