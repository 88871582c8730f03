# SPDX-License-Identifier: MIT
"""From the start of QEMU to the first thing that a program says."""
import ours
from table import Contest, Row

HELLO = "hello"


def until_hello(guest):
    with guest:
        guest.until(HELLO)
        return guest.seconds


def ours_first_byte(race):
    return {"seconds": until_hello(ours.start(race, "apps/hello.c"))}


def linux_first_byte(race):
    return {"seconds": {way: until_hello(race.linux.boot("hello", way=way)) for way in race.linux.ways}}


CONTESTS = [
    Contest("first byte", ours_first_byte, linux_first_byte,
            [Row("seconds", "start of QEMU to first byte of user output", 15, "s")],
            "Time on this host's clock, from the start of QEMU until the word `hello` comes out of its pipe."),
]
