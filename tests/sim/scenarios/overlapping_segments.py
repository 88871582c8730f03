# SPDX-License-Identifier: MIT
"""Tiny segments in any order, over one another, with holes that later ones fill (RFC 9293, 3.10.7.4, seventh)."""
import random

from wire import pattern

NODE = "listen 80; accept; read 2000; close; gone 300"


def peer(p):
    c = yield from p.connect(source=1024)
    draw = random.Random(4)
    first = c.seq
    pieces = [(start, draw.randrange(1, 40)) for start in range(0, 2000, 10)]
    pieces = [(start, min(2000 - start, size)) for start, size in pieces]
    draw.shuffle(pieces)
    for start, size in pieces:
        c.send(pattern(start, size), seq=first + start)
        if start > 0:
            yield p.sleep(0.0001)
    for start in (500, 0, 1500, 1000):  # and then all of it
        c.send(pattern(start, 500), seq=first + start)
    c.seq = first + 2000
    while True:
        answer = yield from c.receive()
        assert answer, "expected an ACK of all of it"
        if answer.ack == c.seq:
            break
    yield from c.finish()


SAYS = """
* read: 2000 bytes, so far
"""
TRACE = """
...
0.025 node: . 1 ack 2001
...
0.026 peer: F. 2001 ack 1
0.027 node: . 2 ack 2002
0.028 peer: . 2002 ack 2
"""
