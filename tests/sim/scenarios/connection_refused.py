# SPDX-License-Identifier: MIT
"""Nobody listens, on either side: a RST says so, with the numbers that RFC 9293, 3.10.7.1 wants, and is itself not answered."""
from peer import Conversation
from wire import ACK, RST

NODE = "connect 10.0.0.2:81; sleep 2000"


def peer(p):
    syn = yield from p.receive(port=81)
    c = Conversation(p, 81, syn.ports[0])
    c.ack = syn.end
    c.send(flags=RST | ACK, seq=0)
    yield p.sleep(0.5)
    c = p.knock(79)
    answer = yield from c.receive()
    assert answer.flags == RST | ACK and answer.seq == 0 and answer.ack == c.seq, f"found {answer}"
    c.send(b"data", ack=5000)
    answer = yield from c.receive()
    assert answer.flags == RST and answer.seq == 5000, f"found {answer}"
    c.send(flags=RST)
    yield from c.quiet(0.5)


SAYS = """
0.004 connect: connection refused
"""
TRACE = """
0.002 node: S 0
0.003 peer: R. 0 ack 1
0.503 peer: S 0
0.504 node: R. 0 ack 1
0.505 peer: . 1+4 ack 5000
0.506 node: R 5000
0.507 peer: R 5
"""
