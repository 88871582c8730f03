# SPDX-License-Identifier: MIT
"""The network through QEMU's user-mode network: pages by HTTP, and TCP as such.

Our side is tests/bench/net.c: httpd and the services of netperf. Linux' is linux_httpd.c or Debian's nginx, whichever is
faster, and linux_streams.c. The clients are this host's.
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
KEPT_BARS, OWN_BAR = {1: 2.5}, 4
KEPT_BAR = 3  # with more clients than one


def until_page(guest, size):
    """Waits until the page comes as it should; the port of this host that it came from."""
    port, deadline = guest.net.port("tcp", 80), time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", f"/{PAGE}")
            if len(connection.getresponse().read()) == size:
                network.lengthen_queues(guest.process.pid)
                return port
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise Silent(f"no page of {size} bytes came from the machine:\n{guest.text}")


def pages(race, guest):
    with guest:
        url = f"http://127.0.0.1:{until_page(guest, race.size)}/{PAGE}"
        kept = {f"kept {count}": clients.keep_alive(url, count) for count in race.connections}
        own = {f"own {count}": clients.one_each(url, count) for count in race.connections}
        return {**kept, **own}


def our_pages(race):
    return pages(race, ours.start(race, OURS, append=f"size={race.size}", net="user tcp 80"))


def linux_pages(race):
    page = {f"www/{PAGE}": b"x" * race.size}
    options = {"modules": NET, "ip": True, "net": "user tcp 80"}
    files, words = nginx.parts(race.linux)
    turns = {"epoll": pages(race, race.linux.boot("httpd", "80", f"/www/{PAGE}", files=page, **options)),
             "nginx": pages(race, race.linux.boot(*words, files={**files, **page}, **options))}
    return {figure: {way: turn[figure] for way, turn in turns.items()} for figure in turns["epoll"]}
