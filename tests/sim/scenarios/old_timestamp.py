# SPDX-License-Identifier: MIT
"""A segment of another age, with numbers that fit and a time that does not, is no data: PAWS (RFC 7323, 5)."""
from wire import mss, pattern, timestamps

NODE = "listen 80; accept; read 30; close; gone 300"


def peer(p):
    c = yield from p.connect(source=1024, options=mss(1460) + timestamps(5000, 0))
    theirs = 0

    def stamp(value):
        return timestamps(value, theirs)
    c.send(pattern(0, 10), options=stamp(5001))
    answer = yield from c.receive()
    assert 8 in answer.options, "an ACK with a time"
    c.send(b"?" * 10, seq=c.seq, options=stamp(4000))
    answer = yield from c.receive()
    assert answer.ack == c.seq, "an ACK, and the bytes are nowhere"
    c.send(pattern(10, 20), options=stamp(5002))
    answer = yield from c.await_end()
    assert answer.ack == c.seq
    c.send(flags=0x11, options=stamp(5003))
    yield from c.receive()


SAYS = """
0.005 accepted 10.0.0.2:1024
0.049 read: 30 bytes, so far
"""
TRACE = """
0.004 peer: handshake
0.004 peer: . 1+10 ack 1
0.045 node: . 1 ack 11
0.046 peer: . 11+10 ack 1
0.047 node: . 1 ack 11
0.048 peer: . 11+20 ack 1
0.049 node: F. 1 ack 31
0.050 peer: F. 31 ack 2
0.051 node: . 2 ack 32
"""
