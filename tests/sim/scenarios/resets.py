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
"""
TRACE = """
"""
