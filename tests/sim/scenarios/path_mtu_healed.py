# SPDX-License-Identifier: MIT
"""A way that silently swallowed large frames takes them again: nobody says that either, so after ten minutes one is tried, and
the first time it is lost as before (RFC 4821, 7)."""
NODE = "connect 10.0.0.2:80; write 1460; sleep 602000; write 1460; sleep 700000; write 1460; close; gone 300"
LIMIT_S = 2000


def peer(p):
    p.cable.mtu = 1000
    c = yield from p.accept()
    yield from c.read(1460)
    yield p.sleep(600)
    yield from c.read(1460)
    p.cable.mtu = 1500
    yield p.sleep(690)
    yield from c.read(1460)
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 1460 bytes in all
602.004 written: 2920 bytes in all
1302.004 written: 4380 bytes in all
"""
TRACE = """
0.004 node: handshake
0.004 node: P. 1+1460 ack 1  LOST
0.204 node: P. 1+1460 ack 1  LOST
0.604 node: P. 1+1460 ack 1  LOST
1.404 node: . 1+730 ack 1
1.405 peer: . 1 ack 731
1.406 node: P. 731+730 ack 1
1.407 peer: . 1 ack 1461
602.004 node: P. 1461+1460 ack 1  LOST
603.604 node: P. 1461+1460 ack 1  LOST
606.804 node: . 1461+730 ack 1
606.805 peer: . 1 ack 2191
606.806 node: P. 2191+730 ack 1
606.807 peer: . 1 ack 2921
1302.004 node: P. 2921+1460 ack 1
1302.005 peer: . 1 ack 4381
1302.005 peer: F. 1 ack 4381
1302.006 node: . 4381 ack 2
1302.006 node: F. 4381 ack 2
1302.007 peer: . 2 ack 4382
"""
