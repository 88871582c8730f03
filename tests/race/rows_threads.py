# SPDX-License-Identifier: MIT
"""Threads: what changing from one to the next costs, and a short life."""
import re

import ours
from table import Contest, Row


def our_threads(race):
    with ours.start(race, "tests/bench/bench.c", icount=True) as guest:
        guest.until(r"^create \+ exit \+ join: .*\n")  # what it does behind that is not asked for
        figures = dict(re.findall(r"^(.+): ([\d.]+) \w+$", guest.text, re.M))
    return {"switch": float(figures["thread switch by yield"]), "create": float(figures["create + exit + join"])}


def linux_threads(race):
    with race.linux.boot("threads", icount=True) as guest:
        figures = guest.figures()
    return {"switch": {"sched_yield": figures["yield"], "futex": figures["futex"]}, "create": figures["create"]}


CONTESTS = [
    Contest("threads", our_threads, linux_threads,
            [Row("switch", "thread switch", 20, "instructions"),
             Row("create", "thread create + join", 20, "instructions")],
            "Guest instructions (-icount shift=0, each takes a nanosecond of the guest's clock), means of thousands. Ours: "
            "tests/bench/bench.c, thread_yield(), thread_create() + thread_join(). Linux: linux_threads.c, two threads of a "
            "static program that give way by sched_yield(), or wake each other by a futex; pthread_create() + pthread_join(), "
            "whose stacks glibc keeps.", once=True),
]
