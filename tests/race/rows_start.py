# SPDX-License-Identifier: MIT
"""From the start of QEMU to the first thing that a program says."""
import ours
from table import Contest, Row

HELLO = "^hello"


def until_hello(guest):
    with guest:
        guest.until(HELLO)
    return guest


def ours_first_byte(race):
    guest = until_hello(ours.start(race, "apps/hello.c"))
    return {"seconds": guest.seconds, "cpu": guest.cpu_seconds}


def linux_first_byte(race):
    guests = {way: until_hello(race.linux.boot("hello", way=way)) for way in race.linux.ways}
    return {"seconds": {way: guest.seconds for way, guest in guests.items()},
            "cpu": {way: guest.cpu_seconds for way, guest in guests.items()}}


CONTESTS = [
    Contest("first byte", ours_first_byte, linux_first_byte,
            [Row("seconds", "start of QEMU to first byte of user output", 15, "s"),
             Row("cpu", "  the same, processor time of QEMU", None, "s")],
            "Time on this host's clock, from the start of QEMU until the word `hello` comes out of its pipe."),
]
