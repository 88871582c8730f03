# SPDX-License-Identifier: MIT
"""The network through QEMU's user-mode network: pages by HTTP, and TCP as such.

Our side is tests/bench/net.c: httpd and the services of TCP. Linux' is linux_httpd.c or Debian's nginx, whichever is faster,
and linux_streams.c. The clients are this host's. The machines stay up for all of it, and each figure has its own turns, so
that one is soon followed by the other's.
"""
import http.client
import time

import clients
import network
import nginx
import ours
from guest import Silent
from linux import NET
from table import Contest, Row

OURS, PAGE = "tests/bench/net.c", "small.txt"
HTTP, ECHO, TAKES, GIVES = 80, 7, 9, 19
WAYS = f"user tcp {HTTP} tcp {ECHO} tcp {TAKES} tcp {GIVES}"


# ---- Machines ------------------------------------------------------------------------------------------------------
def until_page(guest, size):
    """Waits until the page comes as it should."""
    port, deadline = guest.net.port("tcp", HTTP), time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", f"/{PAGE}")
            if len(connection.getresponse().read()) == size:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise Silent(f"no page of {size} bytes came from the machine:\n{guest.text}")


def ready(race, guest):
    """The guest, once it serves. Many clients at once find room in libslirp's queue, on both sides."""
    until_page(guest, race.size)
    network.lengthen_queues(guest.process.pid)
    return guest


def start_ours(race):
    return ready(race, ours.start(race, OURS, append=f"size={race.size}", net=WAYS))


def start_linux(race, words, files):
    files = {**files, f"www/{PAGE}": b"x" * race.size}
    return ready(race, race.linux.boot("streams", *words, modules=NET, ip=True, net=WAYS, files=files))


def start_epoll(race):
    with open(race.linux.program("httpd"), "rb") as file:
        return start_linux(race, ["/bin/httpd", str(HTTP), f"/www/{PAGE}"], {"bin/httpd": file.read()})


def start_nginx(race):
    files, words = nginx.parts(race.linux)
    return start_linux(race, words, files)


SERVERS = {"epoll": start_epoll, "nginx": start_nginx}


# ---- Turns ---------------------------------------------------------------------------------------------------------
def measure(guest, rate_of):
    """How often in a second, and the microseconds of processor that QEMU spends on each."""
    start, before = time.monotonic(), guest.cpu_now()
    rate = rate_of(guest)
    busy = (guest.cpu_now() - before) / (time.monotonic() - start)
    return {"rate": rate, "cpu": busy / rate * 1e6}


def contest(name, what, bar, unit, rate_of, starts, client):
    """A figure of its own. `rate_of(guest)`: what the client counts; `starts`: how Linux is started, by the name of the way."""
    def our_turn(race):
        return measure(race.keep(start_ours), rate_of)

    def linux_turn(race):
        turns = {way: measure(race.keep(start), rate_of) for way, start in starts.items()}
        return {figure: {way: turn[figure] for way, turn in turns.items()} for figure in ("rate", "cpu")}
    rows = [Row("rate", what, bar, f"{unit if unit == 'MiB' else unit + 's'}/s", more=True),
            Row("cpu", "  the same, processor time of QEMU", None, f"us a {unit}")]
    return Contest(name, our_turn, linux_turn, rows, f"{client}, for {clients.SECONDS} s a turn; all machines stay up.")


def page_contests(race):
    def url(guest):
        return f"http://127.0.0.1:{guest.net.port('tcp', HTTP)}/{PAGE}"

    for count in race.connections:
        yield contest("http kept", f"HTTP, {race.size} bytes, kept connections: {count}", 2.5 if count == 1 else 3, "request",
                      lambda guest, count=count: clients.keep_alive(url(guest), count), SERVERS, "wrk with one thread")
        yield contest("http own", f"HTTP, {race.size} bytes, one each, at once: {count}", 4, "request",
                      lambda guest, count=count: clients.one_each(url(guest), count), SERVERS, "ab")


def stream_contests(race):
    streams, linux = clients.Streams(race.folder), {"": start_epoll}
    for name, what, bar, unit, mode, port in (("tcp", "TCP, a byte there and back", 2.5, "round", "rounds", ECHO),
                                              ("tcp bulk", "TCP, guest to host", 1.2, "MiB", "take", GIVES),
                                              ("tcp bulk", "TCP, host to guest", 1.2, "MiB", "give", TAKES)):
        yield contest(name, what, bar, unit, lambda guest, mode=mode, port=port:
                      streams.rate(mode, guest.net.port("tcp", port)), linux, "tests/race/client.c")


def contests(race):
    """A figure for each number of connections."""
    return [*page_contests(race), *stream_contests(race)]
