# SPDX-License-Identifier: MIT
"""Sequence numbers pass 2^32 in both directions (RFC 9293, 3.4), with segments lost around it.

The node's first number follows its clock (RFC 6528): from those of two connections it is known when that of the same ports
will be close to the end of the circle."""
from wire import CIRCLE, RST, pattern

NODE = "listen 80; accept; bulk 20000; close; gone 300"
LIMIT_S = 30000


def first_number(p):
    c = yield from p.connect(source=1024, iss=CIRCLE - 5000)
    c.send(flags=RST)
    return c.ack - 1


def peer(p):
    first = yield from first_number(p)
    yield p.sleep(1000)
    start = p.now
    second = yield from first_number(p)
    rate = (second - first) % CIRCLE / start
    yield p.sleep((CIRCLE - second - 6000) / rate - (p.now - start))
    c = yield from p.connect(source=1024, iss=CIRCLE - 5000)
    assert CIRCLE - c.ack < 15000, f"its first number is {c.ack - 1}"
    start, dropped = c.seq, (c.seq + 5000) % CIRCLE
    for offset in range(0, 20000, 1000):
        if (start + offset) % CIRCLE != dropped:
            c.send(pattern(offset, 1000), seq=(start + offset) % CIRCLE)
    yield p.sleep(0.01)
    data = {}
    c.send(pattern((dropped - start) % CIRCLE, 1000), seq=dropped)
    c.seq = (start + 20000) % CIRCLE
    base = c.ack
    while sum(map(len, data.values())) < 20000:
        segment = yield from c.receive()
        if segment.data:
            data[(segment.seq - base) % CIRCLE] = segment.data
        while (c.ack - base) % CIRCLE in data and data[(c.ack - base) % CIRCLE]:
            c.ack = (c.ack + len(data[(c.ack - base) % CIRCLE])) % CIRCLE
        if segment.data:
            c.send()
    assert b"".join(data[key] for key in sorted(data)) == pattern(0, 20000)
    yield from c.finish()


SAYS = """
* accepted 10.0.0.2:1024
* bulk: 20000 bytes sent, 20000 received
"""
TRACE = """
0.004 peer: handshake
0.004 peer: R 1
...
* peer: . 1+1000*5 ack 1
* peer: . 6001+1000*14 ack 1
...
* node: . 1 ack 5001
...
* peer: . 5001+1000 ack 1
...
* peer: . 20001 ack 20002
* peer: F. 20001 ack 20002
* node: . 20002 ack 20002
"""
