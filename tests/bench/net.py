# SPDX-License-Identifier: MIT
"""The network's figures: tests/bench/net.c under QEMU, with this side's sockets, ab and wrk as the others.

Instructions are read from the guest before and after (UDP port 9), so only what happened in between is counted, and not
the waiting. Over TAP when this runs as root; over user-mode networking always.
"""
import contextlib
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
import network  # noqa: E402

GUEST, HERE, TAP = "10.99.7.2", "10.99.7.1", "tsbench0"
PORTS = {"udp": (7, 9), "tcp": (7, 9, 19, 20, 80)}
DATAGRAM, MIB = 64, 1 << 20


def free_ports(kind, count):
    """Ports that nobody has now."""
    sockets = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Guest:
    """The bench image on a virtual machine, and where its ports are for us."""

    def __init__(self, image, tap=False, icount=True, memory="256M", disk=None):
        line = ["qemu-system-riscv64", "-machine", "virt", "-m", memory, "-display", "none", "-monitor", "none", "-serial",
                "stdio", "-global", "virtio-mmio.force-legacy=false", "-kernel", image,
                "-device", "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.7"]
        if icount:
            line += ["-icount", "shift=0"]
        if disk:
            line += ["-drive", f"file={disk},format=raw,if=none,id=disk", "-device",
                     "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0"]
        if tap:
            self.address = {(kind, port): (GUEST, port) for kind, ports in PORTS.items() for port in ports}
            line += ["-netdev", f"tap,id=net0,ifname={TAP},script=no,downscript=no",
                     "-append", f"ip={GUEST}/24,{HERE}"]
        else:
            forward, self.address = "", {}
            for kind, ports in PORTS.items():
                number = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
                for port, ours in zip(ports, free_ports(number, len(ports))):
                    self.address[kind, port] = ("127.0.0.1", ours)
                    forward += f",hostfwd={kind}:127.0.0.1:{ours}-:{port}"
            line += ["-netdev", f"user,id=net0{forward}"]
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.control.settimeout(1)
        for _ in range(60):
            with contextlib.suppress(OSError):
                self.ask("count")
                network.lengthen_queues(self.process.pid)
                return
        self.close()
        sys.exit(f"the network's image does not answer:\n{self.process.stdout.read().decode(errors='replace')}")

    def ask(self, text):
        """The numbers that the guest answers with."""
        self.control.sendto(text.encode(), self.address["udp", 9])
        return [int(word) for word in self.control.recvfrom(512)[0].split()]

    def cost(self, work):
        """Instructions while `work()` ran."""
        before = self.ask("count")[0]
        work()
        time.sleep(0.3)  # the last acknowledgments
        return self.ask("count")[0] - before

    def connect(self, port):
        return socket.create_connection(self.address["tcp", port], timeout=60)

    def url(self, path):
        return "http://%s:%d%s" % (*self.address["tcp", 80], path)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.control.close()


def datagrams_received(guest, count=2000):
    before, seen = guest.ask("count")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        for i in range(count):
            ours.sendto(b"x" * DATAGRAM, guest.address["udp", 7])
            if i % 16 == 15:
                time.sleep(0.005)
    time.sleep(0.3)
    after, all_seen = guest.ask("count")
    return (after - before) / (all_seen - seen)


def datagrams_sent(guest, count=2000):
    guest.control.settimeout(20)
    guest.control.sendto(f"send {count}".encode(), guest.address["udp", 9])
    while True:
        answer = guest.control.recvfrom(512)[0]
        if len(answer) != DATAGRAM:
            guest.control.settimeout(1)
            return int(answer.split()[0]) / count


def round_trips(guest, count=2000):
    with guest.connect(7) as ours:
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def work():
            for _ in range(count):
                ours.sendall(b"x")
                ours.recv(1)
        work()
        return guest.cost(work) / count


def bulk_in(guest, mib=64):
    def work():
        with guest.connect(9) as ours:
            for _ in range(mib):
                ours.sendall(bytes(MIB))
            ours.shutdown(socket.SHUT_WR)
            while ours.recv(1):
                pass
    return guest.cost(work) / mib / 1024


def bulk_out(guest, mib=64, port=19):
    got = 0
    with guest.connect(port) as ours:
        ours.recv(1)
        before = guest.ask("count")[0]
        while got < mib * MIB:
            got += len(ours.recv(MIB))
        return (guest.ask("count")[0] - before) * 1024 / got


def ab(guest, count, clients=1, keep=False, path="/small.txt"):
    """ab's own words."""
    command = ["ab", "-q", "-n", str(count), "-c", str(clients), *(["-k"] if keep else []), guest.url(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600).stdout


def requests(guest, count, **options):
    return guest.cost(lambda: ab(guest, count, **options)) / count


def idle_connections(guest, count):
    """So many connections that have asked once and are kept."""
    kept = []
    for _ in range(count):
        ours = guest.connect(80)
        ours.sendall(b"GET /small.txt HTTP/1.1\r\nHost: bench\r\n\r\n")
        ours.recv(4096)
        kept.append(ours)
    return kept


@contextlib.contextmanager
def tap():
    """A TAP device with an address, as root; None otherwise."""
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        yield None
        return
    subprocess.run(["ip", "tuntap", "add", "dev", TAP, "mode", "tap"], check=True)
    try:
        subprocess.run(["ip", "addr", "add", f"{HERE}/24", "dev", TAP], check=True)
        subprocess.run(["ip", "link", "set", TAP, "up"], check=True)
        yield TAP
    finally:
        subprocess.run(["ip", "link", "del", TAP], check=False)


def counted(row, image):
    guest = Guest(image)
    ab(guest, 1)
    row("kernel entry to the first HTTP answer, DHCP included", f"{guest.ask('count')[0]:,}", 2_000_000)
    row("UDP datagram of 64 bytes, received", f"{datagrams_received(guest):,.0f}", 1500)
    row("UDP datagram of 64 bytes, sent", f"{datagrams_sent(guest):,.0f}", 1500, "Linux 8,990")
    row("TCP request/response of 1 byte", f"{round_trips(guest):,.0f}", 6000, "Linux 25,750")
    row("TCP bulk per KiB, user-mode: sending", f"{bulk_out(guest):,.0f}", 1500, "Linux 12,430")
    row("TCP bulk per KiB, user-mode: receiving", f"{bulk_in(guest):,.0f}", 1500, "Linux 5,590")
    row("HTTP request, 600 bytes, keep-alive", f"{requests(guest, 2000, keep=True):,.0f}", 8000, "Linux 32,580")
    row("HTTP request, its own connection", f"{requests(guest, 2000):,.0f}", 20_000,
        "Linux 143,100; Unikraft 45,370; busybox 685,600")
    few = idle_connections(guest, 10)
    with_few = requests(guest, 1000, keep=True)
    many = idle_connections(guest, 990)
    row("HTTP request with 1,000 open connections against 10", f"{requests(guest, 1000, keep=True) / with_few:.2f}", 1.3)
    for one in few + many:
        one.close()
    guest.close()
    with tap() as there:
        if not there:
            print("TCP bulk over TAP: skipped, needs root")
            return
        with tempfile.NamedTemporaryFile() as disk:
            disk.truncate(8 * MIB)
            guest = Guest(image, tap=True, disk=disk.name)
            counted_over_tap(row, guest)
            guest.close()


def counted_over_tap(row, guest):
    row("TCP bulk per KiB, TAP with offloads: sending, copied once", f"{bulk_out(guest, 256):,.0f}", 300, "Linux 947")
    row("  the same out of the block cache, without a copy", f"{bulk_out(guest, 256, port=20):,.0f}", 300)
    row("TCP bulk per KiB, TAP with offloads: receiving", f"{bulk_in(guest, 256):,.0f}", 500, "Linux 1,700")
    row("TCP request/response of 1 byte, TAP", f"{round_trips(guest):,.0f}", 6000, "Linux 25,750")
    row("UDP datagram of 64 bytes, received, TAP", f"{datagrams_received(guest):,.0f}", 1500)


def rate_of(output):
    return float(re.search(r"Requests per second:\s+([\d.]+)", output)[1])


def timed(row, image):
    guest = Guest(image, icount=False)
    for clients in (1, 8, 64):
        row(f"HTTP keep-alive requests a second, {clients} clients",
            f"{rate_of(ab(guest, 5000, clients=clients, keep=True)):,.0f}", None, "Linux 3,300 / 2,400 at 1 / 64")
    for clients in (1, 8, 64):
        parts = [ab(guest, 1000, clients=clients) for _ in range(20)]
        failed = sum(int(re.search(r"Failed requests:\s+(\d+)", part)[1]) for part in parts)
        rates = [rate_of(part) for part in parts]
        row(f"20,000 connections, {clients} clients: failed", f"{failed}", 0)
        row("  requests a second, median", f"{statistics.median(rates):,.0f}")
        row("  the last thousand against the first", f"{rates[-1] / rates[0]:.2f}")
    guest.close()


def run(row, image):
    counted(row, image)
    timed(row, image)
