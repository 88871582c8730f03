# SPDX-License-Identifier: MIT
"""Machines that describe themselves badly: the kernel runs on with what is there and says what is missing.

QEMU's own tree is taken, bent as text, and given back with -dtb. (Bytes at random: tests/fuzz.)
"""
import re
import subprocess

import boot
import pytest


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """QEMU virt's device tree as text."""
    blob = tmp_path_factory.mktemp("tree") / "virt.dtb"
    subprocess.run(["qemu-system-riscv64", "-machine", f"virt,dumpdtb={blob}", "-m", "128M", "-nic", "none", "-display",
                    "none"], check=True, capture_output=True)
    return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", str(blob)], check=True, capture_output=True,
                          text=True).stdout


@pytest.fixture
def bent(start, source, tmp_path):
    """bent(edit, append=...): a machine whose tree is edit(source)."""
    def boot_with(edit, **options):
        text = edit(source)
        assert text != source, "the edit changed nothing: has QEMU's tree changed?"
        blob = tmp_path / "bent.dtb"
        subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", str(blob)], input=text, check=True, text=True,
                       capture_output=True)
        return start("riscv64", extra=["-dtb", str(blob)], **options)
    return boot_with


def without_node(name):
    """Takes a node out, with all in it."""
    def edit(text):
        start = re.search(rf"(?m)^\t*{name}[^\n]*{{\n", text)
        depth, end = 1, start.end()
        while depth:
            brace = re.compile("[{}]").search(text, end)
            depth, end = depth + (1 if brace.group() == "{" else -1), brace.end()
        return text[:start.start()] + text[end + 2:]
    return edit


def without_property(node, name):
    return lambda text: re.sub(rf"((?:{node})[^{{\n]*{{[^}}]*?)\n\t*{name}( = [^;]*)?;", r"\1", text, count=1)


def replace(old, new):
    return lambda text: text.replace(old, new, 1)


def change(pattern, new):
    return lambda text: re.sub(pattern, new, text, count=1)


# A name, the edit, and what a log or a program must say of it (None: it only has to reach the prompt).
MISSING = [
    ("no clock", without_node("rtc@"), "clock: no such device"),
    ("no interrupt controller", without_node("plic@"), "interrupts: no such device"),
    ("a uart nobody knows", replace('"ns16550a"', '"snps,dw-apb-uart"'), "uart: no such device"),
    ("a uart without interrupt", without_property("serial@|uart@", "interrupts"), None),
    ("no virtio", lambda text: re.sub(r'"virtio,mmio"', '"nothing"', text), None),
    ("no model", without_property("/ ", "model"), None),
    ("no chosen", without_property("chosen ", "stdout-path"), None),
    ("a clock of odd size", change(r"(rtc@[^}]*reg = <)[^>]*>", r"\g<1>0x01>"), None),
    ("an endless clock", change(r"(rtc@[^}]*reg = <)[^>]*>", r"\g<1>0xffffffff 0xffffffff 0xffffffff 0xffffffff>"), None),
]


@pytest.mark.parametrize("edit, said", [m[1:] for m in MISSING], ids=[m[0] for m in MISSING])
def test_what_is_missing_is_said_and_done_without(bent, edit, said):
    session = bent(edit)
    session.prompt()
    if said:
        assert re.search(said, session.text), boot.after_firmware(session.text)
    assert session.run("seq 2 | cat") == "1\n2\n"
    session.send("poweroff 5\n")
    session.end(5)


@pytest.mark.parametrize("edit", [without_node("(serial|uart)@"), without_property("serial@|uart@", "reg")],
                         ids=["no node", "no registers"])
def test_no_uart_at_all(bent, edit):
    """Not even the firmware can speak then; the kernel still does what it is asked to."""
    bent(edit, append='run="poweroff 5"').end(5)


@pytest.mark.parametrize("edit", [without_node("memory@"), change(r"(memory@[^}]*reg = <)[^>]*>", r"\g<1>0x00 0x00>"),
                                  change(r"(memory@[^}]*reg = <)[^>]*>", r"\g<1>0x00 0x80000000 0x00 0x00>")],
                         ids=["no node", "half an entry", "of size 0"])
def test_no_memory_is_a_panic_that_says_what_was_sought(bent, edit):
    session = bent(edit, append="run=true")
    session.expect("PANIC")
    session.expect("memory")
    session.end(1)


def test_memory_in_pieces(bent):
    session = bent(change(r"(memory@[^}]*reg = <)[^>]*>", r"\g<1>0x00 0x80000000 0x00 0x2000000 0x00 0x84000000 0x00 "
                          "0x4000000>"))
    session.expect("96 MiB of memory")
    session.prompt()
    assert session.run("echo hello") == "hello\n"


def test_a_file_that_is_no_tree(start, tmp_path):
    """QEMU's business: it refuses, and says so."""
    blob = tmp_path / "garbage.dtb"
    blob.write_bytes(b"\0" * 1000)
    session = start("riscv64", extra=["-dtb", str(blob)])
    assert session.wait() != 0
    assert session.text.strip()


# The same for the PCI bus, with the entropy device on it.
PCI = r"(pci@[^}]*?\b"
BUSES = [
    ("no bus", without_node("pci@"), None, "there is nothing on PCI"),
    ("a bus in memory", change(PCI + r"reg = <)[^>]*>", r"\g<1>0x00 0x80000000 0x00 0x10000000>"),
     r"pci: its 262144 KiB of registers at 0x80000000 cannot be reached", "there is nothing on PCI"),
    ("a bus of a page", change(PCI + r"reg = <)[^>]*>", r"\g<1>0x00 0x30000000 0x00 0x1000>"), None, "00:00.0"),
    ("a bus without registers", without_property("pci@", "reg"), 'has no usable "reg"', "there is nothing on PCI"),
    ("buses from the last to the first", change(PCI + r"bus-range = <)[^>]*>", r"\g<1>0xff 0x00>"), None, "ff:00.0"),
    ("no windows", without_property("pci@", "ranges"), "cannot be reached: it has no address", "1af4:1044"),
    ("endless windows", change(PCI + r"ranges = <)[^>]*>", r"\g<1>0x3000000 0x04 0x00 0x04 0x00 0xffffffff 0xffffffff "
                               "0x2000000 0x00 0x40000000 0x00 0x40000000 0xffffffff 0x80000000>"),
     None, "1af4:1044 00ff00  of no known class, interrupt"),
    ("a window in memory", change(PCI + r"ranges = <)[^>]*>",
                                  r"\g<1>0x2000000 0x00 0x80000000 0x00 0x80000000 0x00 0x10000000>"),
     "nothing can be mapped at its address", "1af4:1044"),
    ("no wires", without_property("pci@", "interrupt-map"), "virtio_rng does not start: no such device", "1af4:1044"),
    ("half of the wires", change(PCI + r"interrupt-map = <)[^>]*>", r"\g<1>0x00 0x00 0x00>"),
     "virtio_rng does not start: no such device", "1af4:1044"),
    ("wires to nobody", change(PCI + r"interrupt-map = <)[^>]*>", r"\g<1>0x00 0x00 0x00 0x01 0x77 0xffffffff>"),
     "virtio_rng does not start: no such device", "1af4:1044"),
]


@pytest.mark.parametrize("edit, said, listed", [b[1:] for b in BUSES], ids=[b[0] for b in BUSES])
def test_a_bus_that_is_described_badly(bent, edit, said, listed):
    session = bent(edit, bus="pci")
    session.prompt()
    assert not said or re.search(said, session.text), boot.after_firmware(session.text)
    assert listed in session.run("lspci")
