# SPDX-License-Identifier: MIT
"""What the tools have to know of each machine that QEMU plays.

    emulator("x86_64", "pci")     the first words of QEMU's command line
    status("x86_64", 3)           2: what the kernel said, of QEMU's exit status
"""
from collections import namedtuple

# image: where it lies; firmware: what runs before it, and where; flags: the file that says so; gdb: its names for such a
# machine, in the order in which they are tried.
Bare = namedtuple("Bare", "qemu image firmware architecture gdb")

BARE = {
    "riscv64": Bare("qemu-system-riscv64", 0x80200000, (0x80000000, 0x80200000), "riscv:rv64",
                    # plain gdb knows RISC-V on some distributions
                    ("gdb-multiarch", "riscv64-unknown-elf-gdb", "riscv64-linux-gnu-gdb", "riscv64-elf-gdb",
                     "riscv64-none-elf-gdb", "gdb")),
    "x86_64": Bare("qemu-system-x86_64", 0xFFFF800000100000, (0, 0x100000), "i386:x86-64",
                   ("gdb", "gdb-multiarch", "x86_64-linux-gnu-gdb", "x86_64-elf-gdb")),
}
MACHINES = (*BARE, "host")

DEBUG_EXIT = 0xF4  # kernel/machine/x86_64/exit.c
BOARDS = {"mmio": "microvm,acpi=off,rtc=on", "pci": "q35"}  # each has its devices on one bus


def emulator(machine, bus):
    """QEMU and its machine. On x86_64, the bus decides which."""
    if machine == "riscv64":
        return [BARE[machine].qemu, "-machine", "virt", "-bios", "default"]
    return [BARE[machine].qemu, "-nodefaults", "-machine", BOARDS[bus], "-cpu", "max",
            "-device", f"isa-debug-exit,iobase={DEBUG_EXIT:#x},iosize=4"]


def status(machine, code):
    """The kernel's exit status. On x86_64, QEMU ends with an odd number, 1, 3, 5 ... for 1, 2, 3 ..., the largest for 0; or
    with 0."""
    if machine != "x86_64" or code % 2 == 0:
        return code
    return 0 if code == 255 else (code + 1) // 2
