# SPDX-License-Identifier: MIT
"""A RST ends a connection only with exactly the number that is expected; elsewhere in the window it is challenged, outside
it is nothing (RFC 5961, 3.2; RFC 9293, 3.10.7.4, second)."""
from wire import ACK, RST, pattern

NODE = "listen 80; accept; read 10; read; close; gone 300"


def peer(p):
    c = yield from p.connect(source=1024)
    c.send(pattern(0, 5))
    yield from c.receive()
    c.send(flags=RST, seq=c.seq - 1)
    c.send(flags=RST, seq=c.seq + 100_000_000)
    yield from c.quiet(1.1)
    c.send(flags=RST, seq=c.seq + 1)
    answer = yield from c.receive()
    assert answer.flags == ACK and answer.ack == c.seq, "a challenge ACK"
    c.send(pattern(5, 5))
    yield from c.receive()
    c.send(flags=RST)
    yield from c.quiet(1)


SAYS = """
0.005 accepted 10.0.0.2:1024
1.149 read: 10 bytes, so far
1.191 read: 10 bytes, connection reset by the other side
"""
TRACE = """
0.004 peer: handshake
0.004 peer: . 1+5 ack 1
0.045 node: . 1 ack 6
0.046 peer: R 5
0.046 peer: R 100000006
1.146 peer: R 7
1.147 node: . 1 ack 6
1.148 peer: . 6+5 ack 1
1.189 node: . 1 ack 11
1.190 peer: R 11
"""
