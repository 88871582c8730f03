# SPDX-License-Identifier: MIT
"""Sequence numbers pass 2^32 in both directions (RFC 9293, 3.4), with segments lost around it.

The node's first number follows its clock (RFC 6528): from that of a first connection it is known when that of the same ports
will be close to the end of the circle."""
from wire import CIRCLE, RST, pattern

NODE = "listen 80; accept; bulk 20000; close; gone 300"
TICK_S = 4e-6
LIMIT_S = 30000


def peer(p):
    c = yield from p.connect(source=1024, iss=CIRCLE - 5000)
    first = (c.ack - 1) % CIRCLE
    c.send(flags=RST, ack=0)
    yield p.sleep((CIRCLE - first - 6000) * TICK_S)
    c = yield from p.connect(source=1024, iss=CIRCLE - 5000)
    assert CIRCLE - c.ack < 10000, f"its first number is {c.ack - 1}"
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
        data[(segment.seq - base) % CIRCLE] = segment.data
        while (c.ack - base) % CIRCLE in data and data[(c.ack - base) % CIRCLE]:
            c.ack = (c.ack + len(data[(c.ack - base) % CIRCLE])) % CIRCLE
        c.send()
    assert b"".join(data[key] for key in sorted(data)) == pattern(0, 20000)
    yield from c.finish()


SAYS = """
"""
TRACE = """
"""
