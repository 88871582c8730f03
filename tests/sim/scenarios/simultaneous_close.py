# SPDX-License-Identifier: MIT
"""Both ends send a FIN at the same time: CLOSING, then TIME_WAIT, and then nothing (RFC 9293, 3.6, figure 13)."""
from wire import ACK, FIN

NODE = "connect 10.0.0.2:80; shutdown; read; close; gone 300"


def peer(p):
    c = yield from p.accept()
    segment = yield from p.receive()
    assert segment.flags & FIN
    c.send(flags=FIN | ACK)  # has not seen the other
    c.ack = segment.end
    segment = yield from c.receive()
    assert segment.ack == c.seq
    c.send()
    yield from c.quiet(5)


SAYS = """
0.004 connect: established
0.006 read: 0 bytes, and the end
"""
TRACE = """
0.004 node: handshake
0.004 node: F. 1 ack 1
0.005 peer: F. 1 ack 1
0.006 node: . 2 ack 2
0.007 peer: . 2 ack 2
"""
