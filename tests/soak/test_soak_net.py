# SPDX-License-Identifier: MIT
"""Mixed traffic, for as long as is asked: what it took of memory is back when the last connection has been forgotten.

    make soak MINUTES=60 PART=traffic                 a third of the time for each machine
    make soak MINUTES=180 PART='traffic and host'     an hour for one
"""
import random
import re
import shutil
import time

import boot
import pytest

FORGOTTEN = 60  # seconds: TIME_WAIT
LOOK = 600  # seconds until the next look at what is taken: who ends a run of hours early, or finds it broken, has these


def commands(dice):
    """One thing that passes over the network: (command of this host or None, command of the shell or None)."""
    size, clients = dice.choice([1, 100, 1460, 5000, 65536]), dice.choice([1, 8, 64])
    page, large = "http://127.0.0.1:{tcp:80}/index.html", "http://127.0.0.1:{tcp:80}/large"
    return dice.choice([
        lambda: (f"ab -q -n {dice.randint(64, 2000)} -c {clients} {page}", None),
        lambda: (f"ab -q -k -n {dice.randint(64, 5000)} -c {clients} {page}", None),
        lambda: (f"ab -q -n 20 -c 4 {large}", None),
        lambda: (None, f"netperf -t {dice.choice(['bulk', 'reverse', 'rr'])} -n {dice.randint(1, 300)} -m {size} "
                       "127.0.0.1"),
        lambda: (None, f"netperf -t udp -n {dice.randint(1, 300)} -m {min(size, 8192)} 127.0.0.1"),
        lambda: (None, f"ping -c {dice.randint(1, 20)} -i 0.01 -s {dice.choice([0, 56, 1472, 4000])} 10.0.2.2"),
        lambda: (None, f"ping -c 2 -i 0.01 -W 0.05 10.0.2.{dice.randint(50, 250)}"),
        lambda: (None, "wget -q -O /dev/null http://127.0.0.1/large"),
        lambda: (None, f"nc -z 127.0.0.1 {dice.randint(1, 60)}-90"),
        lambda: (None, dice.choice(["ss", "ss -ai", "ifconfig", "arp", "nslookup localhost", "traceroute -q 1 10.0.2.2"])),
    ])()


def taken(session):
    """(live allocations, KiB in use, KiB of the heap, lines of ss -a) when all that was under way has been forgotten."""
    session.run(f"sleep {FORGOTTEN + 5}", timeout=FORGOTTEN + 120)
    found = re.search(r"memory +\d+ KiB: (\d+) used.*\nheap +(\d+) KiB: (\d+) allocations", session.run("free"))
    return int(found[3]), int(found[1]), int(found[2]), int(session.run("ss -a | wc -l").split()[-1])


def work(session, dice, end):
    """Until that time; how many commands."""
    count = 0
    while time.monotonic() < end:
        on_host, in_shell = commands(dice)
        if on_host:
            assert session.run_on_host(on_host, timeout=300) == 0, session.explain(on_host)
        else:
            session.run(in_shell, timeout=300)
        session.forget()
        count += 1
    return count


@pytest.mark.parametrize("machine", boot.MACHINES)
def test_mixed_traffic(start, machine, minutes, seed):
    if not shutil.which("ab"):
        pytest.skip("there is no ab (apache2-utils)")
    dice = random.Random(f"{seed} {machine}")
    session = start(machine, image_options={"RELEASE": "1"}, net="user tcp 80")
    session.prompt()
    session.run("mkdir /tmp/www; echo a page >/tmp/www/index.html; seq 100000 >/tmp/www/large")
    session.run("httpd -q /tmp/www &")
    session.run("netperf -s >/dev/null &")
    work(session, dice, time.monotonic() + 5)  # caches fill
    # So does the list of packets that are kept for the next ones (SPARE_MAX of kernel/net/packet.c), and stays full.
    assert session.run_on_host("ab -q -n 64 -c 64 http://127.0.0.1:{tcp:80}/large", timeout=300) == 0
    for i in range(100):
        session.run(f"true {i}")  # so does the history
    before = after = taken(session)
    end, count = time.monotonic() + minutes * 60 / len(boot.MACHINES), 0
    while time.monotonic() < end:
        count += work(session, dice, min(end, time.monotonic() + LOOK))
        after = taken(session)
        print(f"{machine}: seed {seed}, {count} commands, (allocations, KiB, heap's KiB, lines of ss) {before} before and {after} after",
              flush=True)
    assert after[0] - before[0] <= 8, "allocations were lost"
    # The spare packets' structs lie in ever other pages of the heap, one by one (256 at most): it is judged by what is allocated.
    assert (after[1] - after[2]) - (before[1] - before[2]) <= 64, "pages were lost"
    assert after[2] - before[2] <= 1024, "the heap has grown"
    assert after[3] == before[3], "connections were lost"
    session.send("poweroff\n")
    session.end(0)
