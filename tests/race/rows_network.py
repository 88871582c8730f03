# SPDX-License-Identifier: MIT
"""The network: pages by HTTP, and TCP as such, through QEMU's user-mode network; TCP over TAP too, as root.

Our side is tests/bench/net.c: httpd and the services of TCP. Linux' is linux_httpd.c or Debian's nginx, whichever is faster,
and linux_streams.c. The clients are this host's. The machines stay up for all of it, and each figure has its own turns, so
that one is soon followed by the other's.
"""
import functools
import http.client
import os
import subprocess
import time

import clients
import network
import nginx
import ours
from debian import Unavailable
from guest import Silent
from linux import ADDRESS, GATEWAY, NET
from table import Contest, Row

OURS, PAGE = "tests/bench/net.c", "small.txt"
HTTP, ECHO, TAKES, GIVES = 80, 7, 9, 19


# ---- Machines ------------------------------------------------------------------------------------------------------
class Link:
    """Between a machine and this host: the user-mode network, or a TAP device, which QEMU makes and takes along."""

    def __init__(self, tap=None):
        self.tap = tap and f"tsrace{tap}"
        if tap and (os.geteuid() != 0 or not os.path.exists("/dev/net/tun")):
            raise Unavailable("a TAP device needs root")
        self.guest, self.host = (f"10.99.{tap}.2", f"10.99.{tap}.1") if tap else (ADDRESS, GATEWAY)
        self.net = f"tap:{self.tap}" if tap else "user" + "".join(f" tcp {port}" for port in (HTTP, ECHO, TAKES, GIVES))

    def join(self, guest):
        """QEMU runs: this host's end gets its address."""
        guest.link = self
        network.lengthen_queues(guest.process.pid)
        for words in ("link set up dev", f"addr add {self.host}/24 dev") if self.tap else ():
            while subprocess.run(["ip", *words.split(), self.tap], check=False, stderr=subprocess.DEVNULL).returncode:
                if guest.has_ended:
                    raise Silent("QEMU has no TAP device")
                time.sleep(0.1)

    def place(self, guest, port):
        """Where this host finds the guest's port."""
        return (self.guest, port) if self.tap else ("127.0.0.1", guest.net.port("tcp", port))


def place(guest, port):
    return guest.link.place(guest, port)


def url(guest):
    return "http://%s:%d/" % place(guest, HTTP) + PAGE


def until_page(guest, size):
    """Waits until the page comes as it should."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not guest.has_ended:
        connection = http.client.HTTPConnection(*place(guest, HTTP), timeout=1)
        try:
            connection.request("GET", f"/{PAGE}")
            if len(connection.getresponse().read()) == size:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise Silent(f"no page of {size} bytes came from the machine:\n{guest.text}")


def ready(race, guest, link):
    """The guest, once it serves."""
    try:
        link.join(guest)
        until_page(guest, race.size)
    except BaseException:
        guest.__exit__()
        raise
    return guest


def start_ours(race, link):
    return ready(race, ours.start(race, OURS, append=f"size={race.size} ip={link.guest}/24,{link.host}", net=link.net), link)


def start_linux(race, link, words, files):
    files = {**files, f"www/{PAGE}": b"x" * race.size}
    return ready(race, race.linux.boot("streams", *words, modules=NET, words=f"ip={link.guest},{link.host}", net=link.net,
                                       files=files), link)


def start_epoll(race, link):
    with open(race.linux.program("httpd"), "rb") as file:
        return start_linux(race, link, ["/bin/httpd", str(HTTP), f"/www/{PAGE}"], {"bin/httpd": file.read()})


def start_nginx(race, link):
    files, words = nginx.parts(race.linux)
    return start_linux(race, link, words, files)


@functools.cache
def by(start, tap=None):
    """What race.keep() takes: the same for the same."""
    return lambda race: start(race, Link(tap))


# ---- Turns ---------------------------------------------------------------------------------------------------------
def measure(guest, rate_of):
    """How often in a second, and the microseconds of processor that QEMU spends on each. Where the client fails, the
    machine is given up: the next turn starts another one."""
    start, before = time.monotonic(), guest.cpu_now()
    try:
        rate = rate_of(guest)
    except Silent:
        guest.__exit__()
        raise
    busy = (guest.cpu_now() - before) / (time.monotonic() - start)
    return {"rate": rate, "cpu": busy / rate * 1e6}


def contest(name, what, bar, unit, rate_of, starts, client):
    """A figure of its own. `rate_of(guest)`: what the client counts; `starts`: ours, and Linux' by the name of the way."""
    mine, others = starts

    def our_turn(race):
        return measure(race.keep(mine), rate_of)

    def linux_turn(race):
        turns = {way: measure(race.keep(start), rate_of) for way, start in others.items()}
        return {figure: {way: turn[figure] for way, turn in turns.items()} for figure in ("rate", "cpu")}
    rows = [Row("rate", what, bar, f"{unit if unit == 'MiB' else unit + 's'}/s", more=True),
            Row("cpu", "  the same, processor time of QEMU", None, f"us a {unit}")]
    return Contest(name, our_turn, linux_turn, rows, f"{client}, for {clients.SECONDS} s a turn; all machines stay up.")


def page_contests(race):
    starts = by(start_ours), {"epoll": by(start_epoll), "nginx": by(start_nginx)}
    for count in race.connections:
        yield contest("http kept", f"HTTP, {race.size} bytes, kept connections: {count}", 2.5 if count == 1 else 3, "request",
                      lambda guest, count=count: clients.keep_alive(url(guest), count), starts, "wrk with one thread")
        yield contest("http own", f"HTTP, {race.size} bytes, one each, at once: {count}", 4, "request",
                      lambda guest, count=count: clients.one_each(url(guest), count), starts, "ab")


def stream_contests(race, name, starts):
    for what, bar, unit, mode, port in (("a byte there and back", 2.5, "round", "rounds", ECHO),
                                        ("guest to host", 1.2, "MiB", "take", GIVES),
                                        ("host to guest", 1.2, "MiB", "give", TAKES)):
        yield contest(name.lower(), f"{name}, {what}", bar, unit, lambda guest, mode=mode, port=port:
                      clients.stream(race.folder, mode, *place(guest, port)), starts, "tests/race/client.c")


def contests(race):
    """A figure for each number of connections."""
    return [*page_contests(race), *stream_contests(race, "TCP", (by(start_ours), {"": by(start_epoll)})),
            *stream_contests(race, "TAP: TCP", (by(start_ours, 98), {"": by(start_epoll, 99)}))]
