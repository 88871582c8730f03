# SPDX-License-Identifier: MIT
"""The node's FIN is lost twice; it comes again, and nothing is left (RFC 9293, 3.10.7.4; RFC 6298)."""
from wire import FIN

NODE = "connect 10.0.0.2:80; write 100; close; gone 100"


def peer(p):
    c = yield from p.accept()
    yield from c.read(100)
    times = []
    for _ in range(3):
        segment = yield from c.receive()
        assert segment.flags & FIN
        times.append(p.now)
    assert times[2] - times[1] > 1.5 * (times[1] - times[0]), "each wait is twice as long as the last"
    c.send()
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 100 bytes in all
"""
TRACE = """
0.004 node: handshake
0.004 node: P. 1+100 ack 1
0.004 node: F. 101 ack 1
0.005 peer: . 1 ack 101
0.206 node: F. 101 ack 1
0.606 node: F. 101 ack 1
0.607 peer: . 1 ack 102
0.607 peer: F. 1 ack 102
0.608 node: . 102 ack 2
"""
