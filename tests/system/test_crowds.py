# SPDX-License-Identifier: MIT
"""Many connections through a card, in virtual time (tests/sim): what they leave, how evenly they are served, and who gets in
while somebody floods the port with SYNs."""
import os
import random
import re
import sys

import boot

sys.path.insert(0, os.path.join(boot.ROOT, "tests/sim"))

import bed as beds  # noqa: E402
from peer import Peer  # noqa: E402

SPARES = 256            # SPARE_MAX of kernel/net/packet.c: what is kept of each kind for the next packets
TIME_WAIT_SHARE = 256   # of kernel/net/tcp_memory.c: one part in so many may remember connections that were
MEMORY_MB = 128
BACKLOG = 128


def meet(image, served, visits, flood=None, memory_mb=MEMORY_MB, **cable):
    """A server and a visitor, each with its script, at one hub with who floods it; returns them when they have ended."""
    program = image("host", APP="tests/sim/node.c", RELEASE="1")
    bed, hub = beds.Bed(), None
    server = bed.node("server", program, f'ip=10.0.0.1/24,10.0.0.9 script="listen 80 {BACKLOG}; {served}"', memory=f"{memory_mb}M")
    visitor = bed.node("visitor", program, f'ip=10.0.0.2/24 script="sleep 100; visit 10.0.0.1:80 1 1 1; {visits}"',
                       memory=f"{memory_mb}M")
    if flood:
        hub = beds.Hub(bed)
        bed.cable(Peer(bed, flood, ip="10.0.0.9"), hub)
    for node in (server, visitor):
        bed.cable(node, hub or visitor, **cable)
        if not hub:
            break
    bed.run(1000)
    assert (server.status, visitor.status) == (0, 0), server.text + visitor.text
    return server, visitor


def said(node, pattern):
    """All numbers that it said in such a line, line by line."""
    found = [tuple(map(int, match.groups())) for match in re.finditer(pattern, node.text)]
    assert found, f"expected {pattern}, found:\n{node.text}"
    return found


def test_short_connections_leave_nothing(image):
    """What TIME_WAIT takes is a fixed part of the memory, and a minute later everything is as it was."""
    server, visitor = meet(image, "serve 2001; sleep 62000; memory; serve 10000; sleep 62000; memory; gone 100",
                           "visit 10.0.0.1:80 2000 64 1; sleep 62100; memory; visit 10.0.0.1:80 10000 64 1; memory; "
                           "sleep 62000; memory; gone 100")
    assert said(visitor, r"visited: (\d+), failed: (\d+)")[1:] == [(2000, 0), (10000, 0)]
    pattern = (r"memory: (\d+) allocations, \d+ bytes, heap of (\d+) pages, (\d+) pages in use, (\d+) of them spare; "
               r"\d+ connections, (\d+) in TIME_WAIT")
    before, during, after = said(visitor, pattern)
    most = MEMORY_MB * 256 // TIME_WAIT_SHARE
    assert during[4] > 1000 and during[1] - before[1] <= most, "TIME_WAIT takes its part"
    for before, after in (before, after), said(server, pattern):
        assert after[0] - before[0] <= SPARES, "allocations were lost"
        assert after[1] - before[1] <= 2 + (after[0] - before[0]) / 16, "pages of the heap were lost"
        assert (after[2] - after[3]) - (before[2] - before[3]) <= 16, "pages were lost, besides those kept for packets"


def test_a_thousand_are_served_alike(image):
    """Each asks, and asks again when it has the answer: when the first has asked ten times, nobody is far behind."""
    server, visitor = meet(image, "serve 1001; counters; gone 100", "visit 10.0.0.1:80 1000 1000 10; gone 100", rate=12_500_000)
    assert said(server, r"served: (\d+), failed: (\d+)") == [(1001, 0)]
    assert said(visitor, r"the first of (\d+) has (\d+) answers, the last (\d+)")[1] >= (1000, 10, 7)
    assert said(server, r"(\d+) sent again, (\d+) timeouts") == [(0, 0)]


def test_ten_thousand_may_be_idle(image):
    """In 256 MiB: each has asked once, then all are silent for ten minutes, and ask again."""
    server, visitor = meet(image, "memory; serve 10001 10000; gone 100", "visit 10.0.0.1:80 10000 10000 2 600000; gone 100",
                           memory_mb=256)
    assert said(visitor, r"resting: (\d+)") == [(10000,)]
    assert said(visitor, r"visited: (\d+), failed: (\d+)")[1:] == [(10000, 0)]
    before, idle = said(server, r"memory: (\d+) allocations, (\d+) bytes, heap of (\d+) pages, (\d+) pages in use")
    each = (idle[3] - before[3]) * 4096 // 10000
    print(f"{each} bytes for each idle connection, {(idle[1] - before[1]) // 10000} of them in use")
    assert each < 1300


def test_a_flood_of_syns_keeps_nobody_out(image):
    """Twenty thousand a second from hosts that do not exist: who is connected stays so, and who is honest gets in (RFC 4987)."""
    sent = []

    def flood(p):
        dice = random.Random(1)
        yield p.sleep(0.2)
        while p.now < 1:
            for _ in range(20):
                p.inbox.clear()
                host = f"172.{dice.randrange(16, 32)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
                sent.append(p.knock(source=dice.randrange(1024, 65536), iss=dice.randrange(1 << 32), ip=host))
            yield p.sleep(0.001)

    server, visitor = meet(image, "serve 201; counters; gone 300", "visit 10.0.0.1:80 200 20 20; gone 100", flood=flood)
    assert said(visitor, r"visited: (\d+), failed: (\d+)") == [(1, 0), (200, 0)]
    (out, taken), = said(server, r"cookies (\d+) out, (\d+) in")
    assert out > len(sent) / 2 and taken >= 50, f"{len(sent)} SYNs, {out} cookies, {taken} taken"
