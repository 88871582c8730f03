# SPDX-License-Identifier: MIT
"""The PCI bus: the whole system on it, by wires and by messages; bridges, strangers, devices of yesterday."""
import os
import re
import subprocess
import urllib.request

import boot
import disks
import pytest

BARE = [machine for machine in boot.MACHINES if machine != "host"]
# How devices interrupt: QEMU's virt has a controller that takes messages when it is asked for one.
WAYS = {"riscv64 wires": ("riscv64", ()), "riscv64 messages": ("riscv64", ("-machine", "aia=aplic-imsic"))}
WAYS.update({machine: (machine, ()) for machine in BARE if machine != "riscv64"})
CHAPTER = {"CHAPTER": "28"}


@pytest.fixture
def drive(tmp_path):
    """drive(number): the words of a drive of 1 MiB, called d0, d1 ..."""
    def words(number=0):
        path = tmp_path / f"{number}.img"
        path.write_bytes(b"begins here.....".ljust(1 << 20, b"\0"))
        return ("-drive", f"file={path},format=raw,if=none,id=d{number}")
    return words


@pytest.fixture(params=WAYS)
def whole_system(request, image, tmp_path):
    """The system at its prompt, with everything on PCI; its disk is a copy of disk/."""
    machine, extra = WAYS[request.param]
    built = image(machine)
    tools = os.path.dirname(os.path.dirname(os.path.abspath(built)))
    boot.make("tools", BUILD=tools)
    disks.make_disk(tmp_path / "disk.img", disks.parse("tsfs 16M x")._replace(folder=os.path.join(boot.ROOT, "disk")), tools)
    console = ("-device", "virtio-serial-pci,addr=0xa,disable-legacy=on", "-device", "virtconsole,chardev=second",
               "-chardev", f"file,id=second,path={tmp_path}/second")
    with boot.Session(machine, built, disks=[tmp_path / "disk.img"], net="user tcp 80", bus="pci",
                      extra=(*extra, *console)) as session:
        session.prompt()
        session.by_message = "messages" in request.param or machine == "x86_64"
        yield session


def test_everything_works_as_without(whole_system, tmp_path):
    session = whole_system
    assert "storage" in session.run("lspci")
    queues = session.run("virtq")
    for name in ("virtio_rng", "virtio_blk", "virtio_net", "virtio_console"):
        assert re.search(rf"(?m)^ *\d+ \w\w:\w\w\.\d +{name} ", queues), queues
    assert not re.search(r"virtio\d", queues)
    session.run("seq 100000 > /tmp/a; cp /tmp/a /b; sync")
    assert len(set(re.findall(r"(?m)^([0-9a-f]{64}) ", session.run("sha256sum /tmp/a /b")))) == 1
    with urllib.request.urlopen(f"http://127.0.0.1:{session.net.port('tcp', 80)}/", timeout=boot.PATIENCE) as answer:
        with open(os.path.join(boot.ROOT, "disk/www/index.html"), "rb") as page:
            assert answer.read() == page.read()
    interrupts = session.run("irqstat")
    assert (" pci" in interrupts) != session.by_message, interrupts
    assert int(re.search(r"(\d+) +uart", interrupts)[1]) < 500, interrupts  # one or so for each key
    session.send("poweroff\n")
    session.end(0)
    assert b"tsumiki$" in (tmp_path / "second").read_bytes()


def test_each_queue_has_its_own_interrupt(start, drive):
    session = start("riscv64", image_options=CHAPTER, bus="pci",
                    extra=("-machine", "aia=aplic-imsic", *drive(), "-device", "virtio-blk-pci,drive=d0,addr=5"))
    session.prompt()
    assert re.search(r"00:05\.0 +1af4:1001 010000  storage, 2 messages\n", session.run("lspci"))
    # The second is the queue's: one request, one interrupt.
    assert re.search(r"(?m)^ +97 +0  00:05\.0\n +98 +1  00:05\.0$", session.run("irqstat"))


def test_when_messages_run_out_there_are_wires(start, drive):
    """A controller for 31 messages, and 20 disks that want two each."""
    words = [word for i in range(20) for word in (*drive(i), "-device", f"virtio-blk-pci,drive=d{i},addr={i + 4:#x}")]
    session = start("riscv64", image_options=CHAPTER, bus="pci", extra=("-machine", "aia=aplic-imsic", *words))
    session.expect("disks started: 20\n")
    session.prompt()
    listing = session.run("lspci")
    assert listing.count("2 messages") == 15 and listing.count("1 messages") == 1
    assert len(re.findall(r"storage, interrupt", listing)) == 4


@pytest.mark.parametrize("machine", BARE)
def test_bridges_and_strangers(start, drive, machine):
    """A disk behind three bridges, among devices that nobody drives."""
    session = start(machine, image_options=CHAPTER, bus="pci", extra=(
        "-device", "pcie-root-port,id=outer,chassis=1,slot=1,addr=4", "-device", "pcie-pci-bridge,id=middle,bus=outer",
        "-device", "pci-bridge,id=inner,bus=middle,chassis_nr=3,addr=3", *drive(),
        "-device", "virtio-blk-pci,bus=inner,drive=d0,addr=6", "-device", "pci-testdev,bus=inner,addr=7",
        "-device", "edu,addr=9", "-device", "ivshmem-plain,memdev=m,addr=10", "-device", "qemu-xhci,addr=11",
        "-object", "memory-backend-ram,id=m,size=1M"))
    session.expect("disks started: 1\n")
    session.expect("vda begins with 62 65 67 69 6e 73 20 68 65 72 65")
    session.prompt()
    listing = session.run("lspci -v")
    assert re.search(r"03:06\.0 +1af4:1001 010000  storage, behind 02:03\.0, (interrupt \d+|2 messages)\n", listing), listing
    assert "buses 01 to 03" in listing and "buses 03 to 03, behind 01:00.0" in listing
    assert "without an address" not in listing


@pytest.mark.parametrize("machine", BARE)
def test_a_bus_full_of_strangers(start, drive, machine):
    words = [word for slot in range(3, 31) for number in range(8) for word in (
        "-device", f"pci-testdev,multifunction=on,addr={slot:#x}.{number}")]
    session = start(machine, image_options=CHAPTER, bus="pci", extra=(
        *words, *drive(), "-device", "virtio-blk-pci,drive=d0,disable-legacy=on,addr=0x2"))
    session.expect("disks started: 1\n")
    session.expect("vda begins with 62 65 67 69 6e 73")
    session.prompt()
    assert session.run("lspci").count("1b36:0005") == 28 * 8


@pytest.mark.parametrize("machine", BARE)
def test_a_legacy_device_is_named_with_the_option(start, drive, machine):
    session = start(machine, image_options=CHAPTER, bus="pci", extra=(
        *drive(), "-device", "virtio-blk-pci,drive=d0,disable-modern=on,disable-legacy=off,addr=5"))
    session.expect(re.compile(r"00:05\.0: a legacy device, expected a modern one: give QEMU disable-modern=off"))
    session.expect("disks started: 0\n")
    session.prompt()


# Behind a bridge the pins change; so do they in the slots of q35's own parts.
@pytest.mark.parametrize("way, place", [(way, place) for way in WAYS for place in (
    "addr=5", "bus=outer", *(["addr=0x1a"] if "x86" in way else []))])
def test_a_device_without_messages_has_wires(start, drive, way, place):
    """vectors=0: no MSI-X; and a device with less of everything."""
    machine, extra = WAYS[way]
    session = start(machine, image_options=CHAPTER, bus="pci", extra=(
        *extra, "-device", "pcie-root-port,id=outer,addr=3", *drive(),
        "-device", f"virtio-blk-pci,drive=d0,vectors=0,event_idx=off,indirect_desc=off,{place}"))
    session.expect("disks started: 1\n")
    session.expect("vda begins with 62 65 67 69 6e 73")
    session.prompt()
    assert "interrupt" in re.search("storage.*", session.run("lspci"))[0]


# Its wires are known to its firmware, which has noted them.
@pytest.mark.skipif("x86_64" not in BARE, reason="a PC's way")
@pytest.mark.parametrize("words, found", [("", "2 messages"), (",vectors=0", "interrupt 1[01]")])
def test_a_pc_of_old_is_asked_by_ports(image, drive, words, found):
    line = boot.command_line("x86_64", image("x86_64", **CHAPTER), append="run=lspci", bus="pci")
    line[line.index("q35")] = "pc"
    line = line[:line.index("-device", line.index("-global"))]  # its second place is taken
    done = subprocess.run([*line, *drive(), "-device", f"virtio-blk-pci,drive=d0,addr=5{words}"], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=boot.PATIENCE, check=False)
    assert b"00:00.0  vendor 8086, device 1237" in done.stdout, done
    assert b"vda begins with 62 65 67 69 6e 73" in done.stdout, done
    assert re.search(f"00:05.0 .*storage, {found}".encode(), done.stdout), done


def test_process_has_no_bus(start):
    session = start("host", image_options=CHAPTER)
    session.expect("this machine has no PCI bus\n")
    session.prompt()
    assert "there is nothing on PCI" in session.run("lspci")


# ---- The tools -----------------------------------------------------------------------------------------------------
def test_the_machine_is_told_of_the_bus():
    line = boot.command_line("riscv64", "image", disks=["d.img", "e.img"], net="user", bus="pci")
    plugged = [word for word in line if word.startswith("virtio-") and "=" in word and "force" not in word]
    assert [re.search("addr=0x(.)", word)[1] for word in plugged] == ["1", "2", "3", "8"]
    assert not any("virtio-mmio-bus" in word for word in line)


def test_expect_has_a_bus(tmp_path):
    path = tmp_path / "expect"
    path.write_text("@ blank 1M\n@ bus pci\n$ one\nfirst\n@ blank 2M\n$ two\n")
    one, two = boot.parse_expect(path)
    assert (one.bus, two.bus) == ("pci", "mmio") and len(one.disks) == len(two.disks) == 1
