# SPDX-License-Identifier: MIT
"""The peer is switched off after the connection stands: segments go again, at growing distances, and in the end the node gives
up and says so (RFC 1122, 4.2.3.5: 100 seconds at least)."""
NODE = "connect 10.0.0.2:80; write 1000; read; close; gone 1"
LIMIT_S = 3000


def peer(p):
    yield from p.accept()
    start, count = p.now, 0
    while True:
        if (yield p.wait(400)) is None:
            break
        count, last = count + 1, p.now
    assert last - start > 100 and count > 5, f"{count} tries in {last - start} s"


SAYS = """
0.004 connect: established
0.004 written: 1000 bytes in all
300.004 read: 0 bytes, timed out
"""
TRACE = """
0.004 node: handshake
0.004 node: P. 1+1000 ack 1
0.204 node: P. 1+1000 ack 1
0.604 node: P. 1+1000 ack 1
1.404 node: . 1+730 ack 1
3.004 node: . 1+536 ack 1
6.204 node: . 1+536 ack 1
12.604 node: . 1+536 ack 1
25.404 node: . 1+536 ack 1
51.004 node: . 1+536 ack 1
102.204 node: . 1+536 ack 1
162.204 node: . 1+536 ack 1
222.204 node: . 1+536 ack 1
282.204 node: . 1+536 ack 1
"""
