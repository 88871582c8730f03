# SPDX-License-Identifier: MIT
"""A peer that has gone without a word: after some silence the node asks, and asks again, and then it is over (RFC 1122,
4.2.3.6)."""
NODE = "connect 10.0.0.2:80; option keepalive 10; read; close; gone 100"


def peer(p):
    c = yield from p.accept()
    probe = yield from c.receive(30)
    assert probe.seq == c.ack - 1 and not probe.data, f"a question that has to be answered, found {probe}"
    c.send()
    while True:  # and from here on no answer
        if (yield p.wait(300)) is None:
            return


SAYS = """
0.004 connect: established
110.006 read: 0 bytes, timed out
"""
TRACE = """
0.004 node: handshake
10.004 node: . 0 ack 1
10.005 peer: . 1 ack 1
20.006 node: . 0 ack 1
30.006 node: . 0 ack 1
40.006 node: . 0 ack 1
50.006 node: . 0 ack 1
60.006 node: . 0 ack 1
70.006 node: . 0 ack 1
80.006 node: . 0 ack 1
90.006 node: . 0 ack 1
100.006 node: . 0 ack 1
"""
