# SPDX-License-Identifier: MIT
"""Where a device is plugged in: into a slot of its own with registers (mmio), or into PCI.

    plug("pci", "blk", 1, "drive=disk0")     the word behind QEMU's -device

Each device has a place of its own, so that the first disk is vda whatever else there is.
"""
import os

BUSES = ("mmio", "pci")
DEFAULT = os.environ.get("TSUMIKI_BUS", "mmio")
ENTROPY, FIRST_DISK, CARD, PLACES = 0, 1, 7, 8


def plug(bus, kind, place, *words):
    """A device of virtio such as rng, blk or net. On PCI, place 0 is 00:01.0: the bridge to the processor is 00:00.0."""
    if bus == "pci":
        return ",".join([f"virtio-{kind}-pci", *words, f"addr={place + 1:#x}", "disable-legacy=on"])
    return ",".join([f"virtio-{kind}-device", *words, f"bus=virtio-mmio-bus.{place}"])
