# SPDX-License-Identifier: MIT
"""What only x86-64 has: its own kinds of exceptions, boards and processors with parts missing, the words of microvm."""
import re

import pytest

TRAPS = {
    "load": ["load from an address that is not mapped: 0xabababababababbb", r"#1 +provoke_load\+", r"#2 +kernel_main\+"],
    "store": ["write to an address that is not mapped: 0xabababababababb0", r"in +store_byte\+", r"#1 +provoke_store\+"],
    "call": ["instruction fetch from an address that is not mapped: 0xabababababababab", r"#1 +provoke_call\+"],
    "division": ["division by zero", r"in +divide\+.*x86_64_traps\.c:\d+", r"#1 +provoke_division\+"],
    "illegal": ["illegal instruction", r"in +provoke_illegal\+0x0 ", r"#1 +kernel_main\+"],
    "breakpoint": ["breakpoint", r"in +provoke_breakpoint\+0x0 ", r"#1 +kernel_main\+"],
    "stack": ["write to an address that is not mapped: 0xabababababababab", r"in +provoke_stack\+"],
    "nested": ["write to an address that is not mapped: 0x0000000007000005", "PANIC: a trap inside a trap: load from"],
    "handler": ["5 bytes behind a null pointer", r"#1 +handle_badly\+", r"#2 +trap_interrupt\+"],
    "table": ["exception that could not be delivered", r"#1 +provoke_table\+"],
}


@pytest.fixture
def traps(start):
    return lambda way: start("x86_64", append=f"provoke={way}", image_options={"APP": "tests/system/x86_64_traps.c"})


@pytest.mark.parametrize("way", TRAPS)
def test_exceptions_of_its_own(traps, way):
    session = traps(way)
    for words in TRAPS[way]:
        session.expect(re.compile(words))
    session.end(1)


def test_an_interrupt_that_cannot_be_masked(traps):
    """On a stack of its own: the processor may be anywhere."""
    session = traps("wait")
    session.expect("waiting")
    session.monitor.ask("nmi")
    session.expect("PANIC: non-maskable interrupt")
    session.expect(re.compile(r"#\d+ +provoke_wait\+"))
    session.end(1)


def test_a_stray_interrupt_keeps_no_other_back(traps):
    session = traps("stray")
    session.expect("the other one came")
    session.end(0)


# What is missing, and what is said of it. None of it is needed to run.
LESS = {
    "old processor": ("mmio", ["-cpu", "qemu64"], ""),
    "everything can be executed": ("mmio", ["-cpu", "max,-nx"], "vm: this processor can execute all that it can read"),
    "no timer chip": ("mmio", ["-machine", "pit=off"], "no timer chip to measure the clock with"),
    "no clock": ("mmio", ["-machine", "rtc=off"], "clock: "),
    "q35 with an old processor": ("pci", ["-cpu", "qemu64"], ""),
}


@pytest.mark.parametrize("less", LESS)
def test_runs_with_less(start, less):
    bus, words, said = LESS[less]
    session = start("x86_64", append='run="sleep 0.1; echo still here"', bus=bus, extra=words)
    session.expect("still here")
    session.end(0)
    assert said in session.text


# Without these there is no way on; what is said comes before there is a kernel, or from it.
@pytest.mark.parametrize("processor, said", [
    ("qemu32", "tsumiki: this processor has no 64-bit mode. Expected one that has"),
    ("max,-apic", "PANIC: this processor has no local APIC: expected one")])
def test_stops_with_words(start, processor, said):
    session = start("x86_64", bus="pci", extra=["-cpu", processor])
    session.expect(said)
    session.end(1)


# The large ones go on behind a gap below 4 GiB, which is not the same everywhere.
@pytest.mark.parametrize("bus, mib, extra", [
    ("mmio", 16, []), ("pci", 16, []), ("mmio", 6144, []), ("pci", 6144, []),
    ("pci", 4096, ["-machine", "max-ram-below-4g=3500M"])])
def test_memory_small_and_large(start, bus, mib, extra):
    session = start("x86_64", append="run=true", bus=bus, memory=f"{mib}M", extra=extra)
    session.end(0)
    total, free = map(int, re.search(r"(\d+) MiB of memory, (\d+) KiB free", session.text).groups())
    assert total == mib and free > (mib - 2) * 1024 * 0.99


def test_devices_reach_memory_beyond_4_gib(start, tmp_path):
    """All but 4 MiB lies there, and so do the blocks of the disk that are read."""
    (tmp_path / "disk").write_bytes(b"".join(b"line %9d\n" % i for i in range(1 << 18)))
    session = start("x86_64", append='run="wc /dev/vda; tail -n 1 /dev/vda"', bus="pci", memory="64M",
                    disks=[tmp_path / "disk"], extra=["-machine", "max-ram-below-4g=4M"])
    session.expect("262144 524288 3932160 /dev/vda\nline    262143\n")
    session.end(0)


@pytest.mark.parametrize("word", ["512", "512@0xfeb00e00", "0@0xfeb00e00:5", "x@y:z", "512@0xfeb00e00:77",
                                  "512@0xffffffffffffff00:5"])
def test_slots_that_are_none(start, word):
    """QEMU's own words come behind them and still count."""
    session = start("x86_64", append=f"run=true virtio_mmio.device={word}")
    session.end(0)
    assert f'expected virtio_mmio.device=SIZE@ADDRESS:IRQ, found "{word}' in session.text


def test_a_slot_in_memory(start):
    session = start("x86_64", append="run=true virtio_mmio.device=512@0x200000:5")
    session.end(0)
    assert "the virtio slot at 0x200000 lies in memory, left out" in session.text
