# SPDX-License-Identifier: MIT
"""virtio devices: what is agreed with them, what is said when that fails, and the second console."""
import os
import re
import socket
import threading
import time

import boot
import pytest

CHAPTER = {"CHAPTER": "14"}
CONSOLE = ("-device", "virtio-serial-device,bus=virtio-mmio-bus.7", "-device", "virtconsole,chardev=second")


@pytest.fixture
def boot_14(start):
    """boot_14(machine, ...): chapter 14's program."""
    return lambda machine, **options: start(machine, image_options=CHAPTER, **options)


def queues(session):
    """{"virtio0 requests": (size, busy, requests, descriptors, notifications, interrupts)}, the last three per request."""
    row = re.compile(r"(?m)^ *\d+ (\w+) +\w+ +(\w+) +(\d+) +(\d+) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+)$")
    return {f"{device} {name}": tuple(float(n) for n in numbers)
            for device, name, *numbers in row.findall(session.run("virtq"))}


def test_every_request_is_counted(boot_14, machine):
    session = boot_14(machine)
    session.prompt()
    (counters,) = queues(session).values()
    assert counters == (4, 0, 1, 1, 1, 1)


@pytest.mark.parametrize("append, agreed", [
    ("", "VERSION_1 EVENT_IDX INDIRECT_DESC"),
    ("virtio.event_idx=0", "VERSION_1 INDIRECT_DESC"),
    ("virtio.indirect_desc=0", "VERSION_1 EVENT_IDX"),
])
def test_features_can_be_switched_off(boot_14, machine, append, agreed):
    session = boot_14(machine, append=append + " run=true")
    session.expect(f"agreed on {agreed}\n")
    session.end()


def test_a_device_can_withhold_features(boot_14):
    session = boot_14("riscv64", append="run=true", extra=["-global", "virtio-rng-device.event_idx=off",
                                                           "-global", "virtio-rng-device.indirect_desc=off"])
    session.expect("agreed on VERSION_1\n")
    session.end()


def test_legacy_devices_are_named_with_the_option(boot_14):
    session = boot_14("riscv64", append="run=true", extra=["-global", "virtio-mmio.force-legacy=true"])
    session.expect(re.compile(r"virtio0: a legacy device .* expected version 2.* "
                              r"-global virtio-mmio\.force-legacy=false"))
    session.expect("devices started: 0\n")
    session.expect("bytes that can be guessed:")
    session.end()


def test_random_bytes_differ_from_boot_to_boot(boot_14, machine):
    def bytes_of_a_boot():
        session = boot_14(machine, append="run=true")
        return session.expect(re.compile(r"random bytes:(( [0-9a-f]{2}){16})\n")).group(1)
    assert bytes_of_a_boot() != bytes_of_a_boot()


# ---- The second console -------------------------------------------------------------------------------------
class Second:
    """The other end of the second console: a socket of QEMU's, or two pipes of the process's. read() starts somebody who
    reads there all the time."""

    def __init__(self, machine, folder):
        self.machine, self.path, self.text = machine, str(folder / "second"), ""
        self.reader = threading.Thread(target=self.collect, daemon=True)
        if machine == "host":
            for end in (".in", ".out"):
                os.mkfifo(self.path + end)
            self.options = ["-console", self.path]
            self.input, self.output = (os.open(self.path + end, os.O_RDWR) for end in (".in", ".out"))
        else:
            self.options = [*CONSOLE, "-chardev", f"socket,id=second,path={self.path},server=on,wait=on"]

    def connect(self):
        """QEMU starts the machine once this is done."""
        if self.machine != "host":
            self.connection = socket.socket(socket.AF_UNIX)
            deadline = time.monotonic() + boot.PATIENCE
            while self.connection.connect_ex(self.path) != 0:
                assert time.monotonic() < deadline, "QEMU does not start"
                time.sleep(0.01)
            self.input = self.output = self.connection.fileno()
        return self

    def close(self):
        if self.machine != "host":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif self.reader.is_alive():
            os.write(self.output, b"\0")  # both ends of the pipes are open here: it would wait for ever
        if self.reader.is_alive():
            self.reader.join(10)
        if self.machine != "host":
            self.connection.close()
            return
        os.close(self.input)
        os.close(self.output)

    def read(self):
        self.reader.start()
        return self

    def collect(self):
        while (data := os.read(self.output, 65536)) and b"\0" not in data:
            self.text += data.decode()

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.input, data):]

    def expect(self, what):
        deadline = time.monotonic() + boot.PATIENCE
        while what not in self.text:
            assert time.monotonic() < deadline, f"expected: {what}\nfound so far: {self.text[-2000:]}"
            time.sleep(0.01)


@pytest.fixture
def second(machine, tmp_path):
    console = Second(machine, tmp_path)
    yield console
    console.close()


def test_second_console_works_like_the_first(boot_14, machine, second):
    session = boot_14(machine, extra=second.options)
    second.connect().read()
    session.prompt()
    second.expect("tsumiki$ ")
    second.type("echo 'from the' second\r")
    session.expect(re.compile(r"(?m)^from the second$"))
    second.expect("from the second\r\n")
    session.send("echo from the 'first'\n")
    second.expect("from the first\r\n")
    session.prompt()
    second.type("exit 3\r")
    session.end(3)


def test_pasting_into_the_second_console(boot_14, machine, second):
    """More than the terminal's queue and the device's buffers hold, while nobody reads."""
    session = boot_14(machine, extra=second.options)
    second.connect().read()
    session.prompt()
    lines = [f"line {i} of what is pasted" for i in range(600)]
    second.type("sleep 0.3; wc\r" + "\r".join(lines) + "\r\x04")
    session.expect(re.compile(rf"(?m)^ *600 +3600 +{sum(len(line) + 1 for line in lines)}$"))


def test_nobody_reads_the_second_console(boot_14, machine, second):
    """QEMU drops what is not read by itself; the process keeps it, so there the driver drops."""
    session = boot_14(machine, extra=second.options)
    second.connect()
    session.prompt()
    session.run("seq 20000")
    second.read().expect("\r\n1\r\n2\r\n3\r\n")
    session.run("echo somebody reads again")
    if machine == "host":
        second.expect(" bytes lost here]")
    second.expect("somebody reads again\r\n")
    assert "\r\n19999\r\n" not in second.text


def test_a_panic_reaches_the_second_console(boot_14, tmp_path):
    """Not of the process: its devices run between threads, and a panic is the end of those."""
    second = Second("riscv64", tmp_path)
    session = boot_14("riscv64", extra=second.options, append='run="crash null"')
    second.connect().read()
    session.end(1)
    second.expect("PANIC: ")
    second.expect('"break panic_end" stops here.\r\n')
    second.close()


def test_second_console_in_a_file(boot_14, tmp_path):
    path = str(tmp_path / "second")
    session = boot_14("host", append="run=\"echo 'both of' them; virtq\"", extra=["-console", path])
    session.expect(re.compile(r"virtio_console +receive +8 +4 +4 +1\.00"))
    session.end()
    with open(path) as file:
        assert "both of them\n" in file.read().replace("\r", "")
