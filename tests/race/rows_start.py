# SPDX-License-Identifier: MIT
"""Starting: how long it takes, how many instructions, in how much memory, and how large what is started is.

Our side is a whole image for the purpose, as an app is: apps/hello.c, apps/httpd.c; where instructions are counted, the whole
system with its shell. Linux has an initramfs with nothing in it but /init, the program and the modules that it needs.
"""
import functools
import http.client
import os
import time

import counting
import elf
import ours
from guest import Guest, Silent
from linux import ADDRESS, GATEWAY, NET
from table import Contest, Row

MIB = 1 << 20
STATIC = f"ip={ADDRESS}/24,{GATEWAY}"
NETWORK = "user tcp 80"
PAGE = "index.html"
LEAST_PATIENCE = 60  # seconds for a machine with little memory: one that has too little may hang
LINUX_FEWEST, LINUX_MOST = 32, 160  # MiB


# ---- Time --------------------------------------------------------------------------------------------------------------
def until_hello(guest):
    with guest:
        guest.until("^hello")
    return guest


def times(guest):
    return {"seconds": guest.seconds, "cpu": guest.cpu_seconds}


def by_way(linux, start):
    """{figure: {way: value}} of {figure: value} that `start(way)` returns."""
    turns = {way: start(way) for way in linux.ways}
    return {figure: {way: turn[figure] for way, turn in turns.items()} for figure in next(iter(turns.values()))}


def our_first_byte(race):
    return times(until_hello(ours.start(race, "apps/hello.c")))


def linux_hello(race, **options):
    """Linux whose first program says hello."""
    return race.linux.boot("/init", files={"init": race.linux.read(race.linux.program("hello"))}, **options)


def linux_first_byte(race):
    return by_way(race.linux, lambda way: times(until_hello(linux_hello(race, way=way))))


def until_page(guest, ready, patience=None):
    """Asks for the page as soon as the machine says on its console that it serves; notes the time of the answer."""
    with guest:
        guest.until(ready, *([patience] if patience else []))
        connection = http.client.HTTPConnection("127.0.0.1", guest.net.port("tcp", 80), timeout=patience or 30)
        try:
            connection.request("GET", f"/{PAGE}")
            if not connection.getresponse().read():
                raise Silent("an empty page came")
        except (OSError, http.client.HTTPException) as error:
            raise Silent(f"no page came: {error}\n{guest.text}") from None
        finally:
            connection.close()
        guest.seconds = time.monotonic() - guest.started
    return guest


def our_server(race, patience=None, **options):
    guest = ours.start(race, "apps/httpd.c", append=STATIC, net=NETWORK, **options)
    return until_page(guest, rf"eth0: {ADDRESS}", patience)


def linux_server(race, patience=None, **options):
    page = {f"www/{PAGE}": b"x" * race.size}
    guest = race.linux.boot("httpd", "80", f"/www/{PAGE}", modules=NET, ip=True, net=NETWORK, files=page, **options)
    return until_page(guest, "^ready", patience)


def our_first_answer(race):
    return times(our_server(race))


def linux_first_answer(race):
    return by_way(race.linux, lambda way: times(linux_server(race, way=way)))


# ---- Instructions --------------------------------------------------------------------------------------------------------
def address_of(path, name):
    return next(symbol.value for symbol in elf.Elf(path).symbols() if symbol.name == name)


def our_instructions(race):
    image = ours.image(race, None)
    start = functools.partial(Guest, race, image, append='run="uptime"')
    return {"count": counting.count_between(race, start, counting.entry_of(image, race.machine),
                                            address_of(image, "uptime_main"))}


def linux_instructions(race):
    linux, way = race.linux, race.linux.fastest
    program = linux.program("hello") + ".full"
    start = functools.partial(linux_hello, race, way=way)
    return {"count": {way: counting.count_between(race, start, counting.entry_of(linux.ways[way], race.machine),
                                                  address_of(program, "main"))}}


# ---- Memory --------------------------------------------------------------------------------------------------------------
def least(serves, low, high):
    """The least number of MiB from low to high with which it serves, if more is never worse."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if serves(middle) else (middle + 1, high)
    return low


def succeeds(start):
    """Whether a machine with so many MiB does what it is started for."""
    def serves(mib):
        try:
            start(f"{mib}M")
        except Silent:
            return False
        return True
    return serves


def our_memory(race):
    def page(memory):
        our_server(race, LEAST_PATIENCE, memory=memory)

    def hello(memory):
        with ours.start(race, "apps/hello.c", memory=memory) as guest:
            guest.until("^hello", LEAST_PATIENCE)
    return {"page": least(succeeds(page), 1, 64), "hello": least(succeeds(hello), 1, 64)}


def linux_memory(race):
    def page(memory):
        linux_server(race, LEAST_PATIENCE, memory=memory, words="panic=-1", more=["-no-reboot"])

    def hello(memory):
        with linux_hello(race, memory=memory, words="panic=-1", more=["-no-reboot"]) as guest:
            guest.until("^hello", LEAST_PATIENCE)
    return {"page": least(succeeds(page), LINUX_FEWEST, LINUX_MOST), "hello": least(succeeds(hello), LINUX_FEWEST, LINUX_MOST)}


# ---- Size ----------------------------------------------------------------------------------------------------------------
def our_size(race):
    image = elf.Elf(ours.image(race, "apps/httpd.c", RELEASE="small"))
    return {"KiB": sum(segment.size for segment in image.segments if segment.type == elf.LOAD) / 1024}


def linux_size(race):
    linux = race.linux
    files = {f"www/{PAGE}": b"x" * race.size}
    archive = os.path.getsize(linux.initramfs(["httpd"], linux.modules_for(NET), files, pack=True))
    return {"KiB": {way: (os.path.getsize(path) + archive) / 1024 for way, path in linux.ways.items()}}


CONTESTS = [
    Contest("first byte", our_first_byte, linux_first_byte,
            [Row("seconds", "start of QEMU to first byte of user output", 15, "s"),
             Row("cpu", "  the same, processor time of QEMU", None, "s")],
            "Time on this host's clock, from the start of QEMU until the word `hello` of apps/hello.c, or of Linux' /init, "
            "comes out."),
    Contest("first answer", our_first_answer, linux_first_answer,
            [Row("seconds", "start of QEMU to first HTTP answer", 10, "s"),
             Row("cpu", "  the same, processor time of QEMU", None, "s")],
            "Time, the same way, until a page has come: apps/httpd.c, linux_httpd.c; a static address on both sides, asked "
            "once the console says that the server is up."),
    Contest("instructions", our_instructions, linux_instructions,
            [Row("count", "kernel entry to user code", 1000, "instructions")],
            "Guest instructions (-icount shift=0; with what each side idles, which grows on a busy host) from the kernel's first "
            "one to the main() of a program: /init of Linux, uptime started by the shell of our whole system.", once=True),
    Contest("memory", our_memory, linux_memory,
            [Row("page", "least memory that boots and serves a page", 10, "MiB"),
             Row("hello", "least memory that says hello", 10, "MiB")],
            "The least -m, found by halving.", once=True),
    Contest("size", our_size, linux_size,
            [Row("KiB", "image of a web server", 50, "KiB")],
            "Ours: what is loaded of apps/httpd.c, RELEASE=small. Linux: the file of the kernel as packaged, and the "
            "initramfs, by gzip -9.", once=True),
]
