# SPDX-License-Identifier: MIT
"""The first two SYNs are lost, then the ACK of our SYN and ACK: the SYN comes again after 1 and 2 more seconds, the data itself
completes the handshake (RFC 6298, 2; RFC 9293, 3.10.7.4)."""
from peer import Conversation
from wire import ACK, SYN, mss

NODE = "connect 10.0.0.2:80; write 100; close; gone 100"


def peer(p):
    times = []
    for _ in range(3):
        syn = yield from p.receive()
        assert syn.flags == SYN
        times.append(p.now)
    assert 0.9 < times[1] - times[0] < 1.1 and 1.9 < times[2] - times[1] < 2.1, times
    c = Conversation(p, 80, syn.ports[0])
    c.ack = syn.end
    c.send(flags=SYN | ACK, options=mss(1460))
    yield from c.receive()
    c.send(flags=SYN | ACK, seq=c.iss, options=mss(1460))  # as if nothing had come
    yield from c.await_end()
    c.send()
    yield from c.finish()


SAYS = """
3.002 connect: established
3.002 written: 100 bytes in all
"""
TRACE = """
0.002 node: S 0
1.000 node: S 0
3.002 node: handshake
3.002 node: P. 1+100 ack 1
3.002 node: F. 101 ack 1
3.003 peer: S. 0 ack 1
3.003 peer: . 1 ack 102
3.003 peer: F. 1 ack 102
3.004 node: . 102 ack 1
3.004 node: . 102 ack 2
"""
