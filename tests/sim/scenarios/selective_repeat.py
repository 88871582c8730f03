# SPDX-License-Identifier: MIT
"""Three of ten segments are lost: with SACK just those come again, in one round trip, before any timeout (RFC 6675)."""
import wire
from wire import CIRCLE

NODE = "connect 10.0.0.2:80; write 14600; close; gone 100"


def peer(p):
    c = yield from p.accept(options=wire.mss(1460) + wire.SACK_PERMITTED)
    start, lost, have = c.ack, {2, 4, 6}, set()
    sent = []
    while len(have) < 10:
        segment = yield from p.receive()
        number = (segment.seq - start) % CIRCLE // 1460
        if not segment.data:
            continue
        sent.append(number)
        if number in lost and sent.count(number) == 1:
            continue
        have.add(number)
        while (c.ack - start) % CIRCLE // 1460 in have:
            c.ack = (c.ack + 1460) % CIRCLE
        beyond = sorted(n for n in have if n > (c.ack - start) % CIRCLE // 1460)
        ranges = []
        for n in beyond:
            if ranges and ranges[-1][1] == n:
                ranges[-1][1] = n + 1
            else:
                ranges.append([n, n + 1])
        ranges.sort(key=lambda r: number not in range(*r))  # the newest first
        c.send(options=wire.selective(*((start + a * 1460, start + b * 1460) for a, b in ranges[:3])) if ranges else b"")
    assert sorted(sent) == sorted([*range(10), *lost]), f"each of the lost ones once more, and no other: {sent}"
    assert p.now < 0.1, "without a timeout"
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 14600 bytes in all
"""
TRACE = """
0.004 node: handshake
0.004 node: . 1+1460*9 ack 1
0.004 node: P. 13141+1460 ack 1
0.005 peer: . 1 ack 1461
0.005 peer: . 1 ack 2921
0.005 peer: . 1 ack 2921 sack 4381-5841
0.005 peer: . 1 ack 2921 sack 7301-8761 4381-5841
0.005 peer: . 1 ack 2921 sack 10221-11681 4381-5841 7301-8761
0.005 peer: . 1 ack 2921 sack 10221-13141 4381-5841 7301-8761
0.005 peer: . 1 ack 2921 sack 10221-14601 4381-5841 7301-8761
0.006 node: . 2921+1460 ack 1
0.006 node: . 5841+1460 ack 1
0.006 node: . 8761+1460 ack 1
0.007 peer: . 1 ack 5841 sack 7301-8761 10221-14601
0.007 peer: . 1 ack 8761 sack 10221-14601
0.007 peer: . 1 ack 14601
0.007 peer: F. 1 ack 14601
0.008 node: . 14601 ack 2
0.008 node: F. 14601 ack 2
0.009 peer: . 2 ack 14602
"""
