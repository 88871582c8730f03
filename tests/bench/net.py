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
import time

from machine import blank_disk, boot

NUMBER = os.getpid() % 256  # another bench has another device and network
TAP, GUEST, HERE = f"tsbench{NUMBER}", f"10.99.{NUMBER}.2", f"10.99.{NUMBER}.1"
PORTS = {"udp": (7, 9), "tcp": (7, 9, 19, 20, 80)}
DATAGRAM, MIB = 64, 1 << 20


class Guest:
    """The bench image on a machine, and where its ports are for us."""

    def __init__(self, machine, tap=False, icount=True, disk=None):
        ports = [(kind, port) for kind, ports in PORTS.items() for port in ports]
        net = boot.network.Network(f"tap:{TAP}" if tap else "user " + " ".join(f"{kind} {port}" for kind, port in ports))
        self.address = {there: (GUEST, there[1]) if tap else ("127.0.0.1", net.port(*there)) for there in ports}
        line = machine.line(machine.image(APP="tests/bench/net.c"), memory="256M", icount=icount, disk=disk, net=net,
                            append=f"ip={GUEST}/24,{HERE}" if tap else "")
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.control.settimeout(1)
        for _ in range(60):
            with contextlib.suppress(OSError):
                self.ask("count")
                boot.network.lengthen_queues(self.process.pid)
                return
        self.close()
        raise SystemExit(f"the network's image does not answer:\n{self.process.stdout.read().decode(errors='replace')}")

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


def counted(machine):
    guest = Guest(machine)
    ab(guest, 1)
    machine.cost("kernel entry to the first HTTP answer, DHCP included", guest.ask("count")[0], 2_000_000)
    machine.cost("UDP datagram of 64 bytes, received", datagrams_received(guest), 1500)
    machine.cost("UDP datagram of 64 bytes, sent", datagrams_sent(guest), 1500, (8_990,))
    machine.cost("TCP request/response of 1 byte", round_trips(guest), 6000, (25_750,))
    machine.cost("TCP bulk per KiB, user-mode: sending", bulk_out(guest), 1500, (12_430,))
    machine.cost("TCP bulk per KiB, user-mode: receiving", bulk_in(guest), 1500, (5_590,))
    machine.cost("HTTP request, 600 bytes, keep-alive", requests(guest, 2000, keep=True), 8000, (32_580,))
    machine.cost("HTTP request, its own connection", requests(guest, 2000), 20_000, (143_100,))
    few = idle_connections(guest, 10)
    with_few = requests(guest, 1000, keep=True)
    many = idle_connections(guest, 990)
    ratio = requests(guest, 1000, keep=True) / with_few
    machine.row("HTTP request with 1,000 open connections against 10", ratio, 1.3)
    for one in few + many:
        one.close()
    guest.close()


def counted_over_tap(machine):
    with tap() as there, blank_disk(8) as disk:
        if not there:
            print("TCP bulk over TAP: skipped, needs root")
            return
        guest = Guest(machine, tap=True, disk=disk)
        machine.cost("TCP bulk per KiB, TAP with offloads: sending, copied once", bulk_out(guest, 256), 300, (947,))
        machine.cost("  the same out of the block cache, without a copy", bulk_out(guest, 256, port=20), 300)
        machine.cost("TCP bulk per KiB, TAP with offloads: receiving", bulk_in(guest, 256), 500, (1_700,))
        machine.cost("TCP request/response of 1 byte, TAP", round_trips(guest), 6000, (25_750,))
        machine.cost("UDP datagram of 64 bytes, received, TAP", datagrams_received(guest), 1500)
        guest.close()


def rate_of(output):
    return float(re.search(r"Requests per second:\s+([\d.]+)", output)[1])


def timed(machine):
    guest = Guest(machine, icount=False)
    for clients in (1, 8, 64):
        rate = rate_of(ab(guest, 5000, clients=clients, keep=True))
        machine.row(f"HTTP keep-alive requests a second, {clients} clients", rate, digits=0,
                    others="Linux 3,300 / 2,400 at 1 / 64, 4,000 / 5,500 on x86_64")
    for clients in (1, 8, 64):
        parts = [ab(guest, 1000, clients=clients) for _ in range(20)]
        failed = sum(int(re.search(r"Failed requests:\s+(\d+)", part)[1]) for part in parts)
        rates = [rate_of(part) for part in parts]
        machine.row(f"20,000 connections, {clients} clients: failed", failed, 0, digits=0)
        machine.row("  requests a second, median", statistics.median(rates), digits=0)
        machine.row("  the last thousand against the first", rates[-1] / rates[0])
    guest.close()


def run(machine):
    counted(machine)
    counted_over_tap(machine)
    timed(machine)
