# SPDX-License-Identifier: MIT
"""How many instructions a machine executes from one place to another, whatever runs in it.

    count_between(race, guest_words, start_address, end_address)

Under -icount shift=0 the processor's clock shows the instructions executed since power on. gdb stops at both places and
has the processor read it: the reading instruction is put in place of the next one for a step.
"""
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

import elf
import machines
from debian import Unavailable
from guest import Silent

NOTE, PVH_ENTRY = 4, 18  # a kind of segment; of Xen's notes
# The instruction, its size for gdb; what it leaves, as a number of nanoseconds; the registers that it changes.
CLOCKS = {"x86_64": ("0x310f", "unsigned short", "($rdx & 0xffffffff) * 4294967296 + ($rax & 0xffffffff)", ("rax", "rdx")),
          "riscv64": ("0xc01022f3", "unsigned int", "$t0 * 100", ("t0",))}  # rdtsc; rdtime t0, ticks of 100 ns


def entry_of(path, machine):
    """The physical address at which QEMU starts the kernel."""
    if machine == "riscv64":
        return machines.BARE[machine].image
    image = elf.Elf(path)
    for segment in image.segments:
        notes = image.data[segment.offset:segment.offset + segment.size] if segment.type == NOTE else b""
        while len(notes) >= 12:
            name, size, kind = struct.unpack_from("<III", notes)
            body = 12 + (name + 3) // 4 * 4
            if kind == PVH_ENTRY and notes[12:16] == b"Xen\0":
                return int.from_bytes(notes[body:body + size], "little")
            notes = notes[body + (size + 3) // 4 * 4:]
    raise Unavailable(f"{path} has no PVH entry")


def script(machine, places):
    """What gdb does: at each place, once, print what the clock shows."""
    word, kind, value, registers = CLOCKS[machine]
    for place in places:
        yield f"thbreak *{place:#x}"
        yield "continue"
        yield f"set $instruction = *({kind} *)$pc"
        yield "set $here = $pc"
        yield from (f"set $old_{name} = ${name}" for name in registers)
        yield f"set {{{kind}}}$pc = {word}"
        yield "stepi"
        yield f'printf "count %lu\\n", {value}'
        yield f"set {{{kind}}}$here = $instruction"
        yield "set $pc = $here"
        yield from (f"set ${name} = $old_{name}" for name in registers)
    yield "kill"


def count_between(race, start, first, last):
    """Instructions from the address `first` to `last`, each when it is reached for the first time: the page must be there
    by then. `start(more=[...])` returns a Guest with more words for QEMU."""
    gdb = next(filter(shutil.which, machines.BARE[race.machine].gdb), None)
    if not gdb:
        raise Unavailable("counting needs gdb: `tools/setup gdb`")
    with tempfile.TemporaryDirectory() as folder:
        port, commands = os.path.join(folder, "gdb"), os.path.join(folder, "commands")
        with open(commands, "w") as file:
            file.write("\n".join(script(race.machine, (first, last))))
        stub = ["-S", "-chardev", f"socket,id=gdb,path={port},server=on,wait=off", "-gdb", "chardev:gdb"]
        with start(icount=True, more=stub):
            while not os.path.exists(port):
                time.sleep(0.05)
            words = [gdb, "-nx", "-batch", "-ex", f"set architecture {machines.BARE[race.machine].architecture}",
                     "-ex", f"target remote {port}", "-x", commands]
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, check=False, timeout=600)
    counts = [int(count) for count in re.findall(r"^count (\d+)$", done.stdout, re.M)]
    if len(counts) != 2:
        raise Silent(f"gdb did not read the counts:\n{done.stdout}")
    return counts[1] - counts[0]
