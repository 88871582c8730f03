# SPDX-License-Identifier: MIT
"""A new SYN from the same port reaches a connection in TIME_WAIT: with a higher number it opens a new one at once (RFC 1122,
4.2.2.13; RFC 6191), with an old one it is answered with an ACK."""
from wire import ACK, FIN, SYN, mss

NODE = "listen 80; accept; shutdown; read; close; accept; shutdown; read; close; gone 300"


def peer(p):
    for iss in (1000, 100_000):
        c = yield from p.connect(source=1024, iss=iss)
        yield from c.await_end()
        c.send(flags=FIN | ACK)
        yield from c.receive()
        yield p.sleep(0.5)
        if iss == 1000:
            c.send(flags=SYN, seq=500, options=mss(1460))
            answer = yield from c.receive()
            assert answer.flags == ACK and answer.ack == c.seq, f"expected an ACK, found {answer}"


SAYS = """
0.005 accepted 10.0.0.2:1024
0.007 read: 0 bytes, and the end
0.513 accepted 10.0.0.2:1024
0.515 read: 0 bytes, and the end
"""
TRACE = """
0.004 peer: handshake
0.005 node: F. 1 ack 1
0.006 peer: F. 1 ack 2
0.007 node: . 2 ack 2
0.508 peer: S 0
0.509 node: . 2 ack 502
0.512 peer: handshake
0.513 node: F. 1 ack 1
0.514 peer: F. 1 ack 2
0.515 node: . 2 ack 2
"""
