# SPDX-License-Identifier: MIT
"""Segments of long ago come again: before the window, beyond it, and a SYN. Each is answered with an ACK and nothing else
(RFC 9293, 3.10.7.4, first; RFC 5961, 4)."""
from wire import ACK, SYN, pattern

NODE = "listen 80; accept; read 3000; sleep 3000; read; close; gone 300"


def peer(p):
    c = yield from p.connect(source=1024)
    c.send(pattern(0, 1000))
    c.send(pattern(1000, 1000))
    yield p.sleep(0.5)
    while p.inbox:
        yield from c.receive()
    for seq in (c.iss + 1, c.iss + 1001, c.iss - 5000, c.iss + 10_000_000):
        c.send(b"x" * 1000, seq=seq)
        answer = yield from c.receive()
        assert answer.ack == c.seq and not answer.data, f"expected an ACK of what it has, found {answer}"
    yield p.sleep(1.1)
    c.send(flags=SYN, seq=c.iss)
    answer = yield from c.receive()
    assert answer.flags == ACK and answer.ack == c.seq, "a challenge ACK"
    c.send(pattern(2000, 1000))
    yield from c.receive()
    yield from c.finish()


SAYS = """
0.005 accepted 10.0.0.2:1024
1.615 read: 3000 bytes, so far
4.615 read: 3000 bytes, and the end
"""
TRACE = """
0.004 peer: handshake
0.004 peer: . 1+1000*2 ack 1
0.005 node: . 1 ack 2001
0.504 peer: . 1+1000 ack 1
0.505 node: . 1 ack 2001
0.506 peer: . 1001+1000 ack 1
0.507 node: . 1 ack 2001
0.508 peer: . 4294962296+1000 ack 1
0.509 node: . 1 ack 2001
0.510 peer: . 10000000+1000 ack 1
0.511 node: . 1 ack 2001
1.612 peer: S 0
1.613 node: . 1 ack 2001
1.614 peer: . 2001+1000 ack 1
1.655 node: . 1 ack 3001
1.656 peer: F. 3001 ack 1
1.657 node: . 1 ack 3002
4.615 node: F. 1 ack 3002
4.616 peer: . 3002 ack 2
"""
