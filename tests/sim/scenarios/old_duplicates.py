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
"""
TRACE = """
"""
