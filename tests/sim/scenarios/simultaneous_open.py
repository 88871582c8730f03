# SPDX-License-Identifier: MIT
"""Both ends send a SYN at the same time: one connection comes of it, not two (RFC 9293, 3.5, figure 7)."""
from peer import Conversation
from wire import ACK, SYN, mss, pattern

NODE = "connect 10.0.0.2:80 1024; write 10; read 10; close; gone 100"


def peer(p):
    syn = yield from p.receive(port=80)
    c = Conversation(p, 80, 1024)
    c.send(flags=SYN, options=mss(1460))
    c.ack = syn.end
    answer = yield from c.receive()
    assert answer.flags == SYN | ACK and answer.ack == c.seq and answer.seq == syn.seq
    c.send(flags=SYN | ACK, seq=c.iss, options=mss(1460))
    yield from c.read(10)
    c.send(pattern(0, 10))
    yield from c.receive()
    yield from c.finish()


SAYS = """
0.006 connect: established
0.006 written: 10 bytes in all
0.008 read: 10 bytes, so far
"""
TRACE = """
0.002 node: S 0
0.003 peer: S 0
0.004 node: S. 0 ack 1
0.005 peer: S. 0 ack 1
0.006 node: P. 1+10 ack 1
0.007 peer: . 1 ack 11
0.007 peer: . 1+10 ack 11
0.008 node: F. 11 ack 11
0.009 peer: F. 11 ack 12
0.010 node: . 12 ack 12
"""
