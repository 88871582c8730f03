# SPDX-License-Identifier: MIT
"""The last ACK is lost, so the peer's FIN comes again: TIME_WAIT answers, as long as it takes (RFC 9293, 3.10.7.4, eighth)."""
from wire import ACK, FIN

NODE = "connect 10.0.0.2:80; shutdown; read; close; gone 300"


def peer(p):
    c = yield from p.accept()
    yield from c.await_end()
    c.send(flags=FIN | ACK)
    yield from c.receive()
    for pause in (1, 10, 40, 50):
        yield p.sleep(pause)
        c.send(flags=FIN | ACK, seq=c.seq - 1)
        answer = yield from c.receive(1)
        assert answer and answer.flags == ACK and answer.ack == c.seq, f"expected an ACK, found {answer}"
    yield p.sleep(70)


SAYS = """
0.004 connect: established
0.006 read: 0 bytes, and the end
"""
TRACE = """
0.004 node: handshake
0.004 node: F. 1 ack 1
0.005 peer: F. 1 ack 2
0.006 node: . 2 ack 2
1.007 peer: F. 1 ack 2
1.008 node: . 2 ack 2
11.009 peer: F. 1 ack 2
11.010 node: . 2 ack 2
51.011 peer: F. 1 ack 2
51.012 node: . 2 ack 2
101.013 peer: F. 1 ack 2
101.014 node: . 2 ack 2
"""
