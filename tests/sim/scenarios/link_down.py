# SPDX-License-Identifier: MIT
"""The cable is pulled out in the middle of a transfer and put in again after 20 seconds: it is said, and the connection goes on
(RFC 1122, 4.2.3.5: patience)."""
import wire

NODE = "connect 10.0.0.2:80; write 3000; sleep 1000; write 3000; close; gone 300"


def peer(p):
    c = yield from p.accept()
    yield from c.read(3000)
    yield p.sleep(0.5)
    p.cable.set(out=True)
    yield p.sleep(20)
    p.cable.set(out=False)
    data = yield from c.read(3000)
    assert data == wire.pattern(3000, 3000)
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 3000 bytes in all
* eth0: the link is down
1.004 written: 6000 bytes in all
* eth0: the link is up
"""
TRACE = """
0.004 node: handshake
0.004 node: . 1+1460*2 ack 1
0.005 peer: . 1 ack 1461
0.005 peer: . 1 ack 2921
0.006 node: P. 2921+80 ack 1
0.007 peer: . 1 ack 3001
26.406 node: . 3001+1460 ack 1
26.407 peer: . 1 ack 4461
26.408 node: . 4461+1460 ack 1
26.408 node: FP. 5921+80 ack 1
26.409 peer: . 1 ack 5921
26.409 peer: . 1 ack 6002
26.409 peer: F. 1 ack 6002
26.410 node: . 6002 ack 2
"""
