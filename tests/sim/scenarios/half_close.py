# SPDX-License-Identifier: MIT
"""The peer ends its half; the node goes on sending in CLOSE-WAIT, in peace (RFC 9293, 3.6)."""
from wire import FIN, ACK, pattern

NODE = "listen 80; accept; read; write 5000; sleep 2000; write 5000; close; gone 100"


def peer(p):
    c = yield from p.connect()
    c.send(pattern(0, 10), flags=FIN | ACK)
    data = yield from c.read(10000)
    assert data == pattern(0, 10000)
    while not c.is_over:
        yield from c.receive()
        c.send()


SAYS = """
0.005 accepted 10.0.0.2:1024
0.005 read: 10 bytes, and the end
0.005 written: 5000 bytes in all
2.005 written: 10000 bytes in all
"""
TRACE = """
0.004 peer: handshake
0.004 peer: F. 1+10 ack 1
0.005 node: . 1 ack 12
0.005 node: . 1+1460*3 ack 12
0.006 peer: . 12 ack 1461
0.006 peer: . 12 ack 2921
0.006 peer: . 12 ack 4381
0.007 node: P. 4381+620 ack 12
0.008 peer: . 12 ack 5001
2.005 node: . 5001+1460*3 ack 12
2.005 node: FP. 9381+620 ack 12
2.006 peer: . 12 ack 6461
2.006 peer: . 12 ack 7921
2.006 peer: . 12 ack 9381
2.006 peer: . 12 ack 10002
"""
