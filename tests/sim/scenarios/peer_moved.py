# SPDX-License-Identifier: MIT
"""Another card takes the peer's place, and says nothing: after three retransmissions the node asks who has the address (RFC 9293,
3.8.3, R1), and not only when a minute is over."""
NODE = "connect 10.0.0.2:80; write 1000; sleep 1000; write 1000; close; gone 100"
ARP = True


def peer(p):
    c = yield from p.accept()
    yield from c.read(1000)
    p.mac = bytes((0x52, 0x54, 0, 0, 0xff, 2))
    yield from c.read(1000)
    assert p.now < 10, f"found by {p.now} s"
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 1000 bytes in all
1.004 written: 2000 bytes in all
"""
TRACE = """
0.000 node: arp ? 10.0.0.1
0.000 node: arp ? 10.0.0.2
0.001 peer: arp ! 10.0.0.1
0.004 node: handshake
0.004 node: P. 1+1000 ack 1
0.005 peer: . 1 ack 1001
1.004 node: P. 1001+1000 ack 1
1.004 node: F. 2001 ack 1
1.204 node: FP. 1001+1000 ack 1
1.604 node: FP. 1001+1000 ack 1
2.000 node: arp ? 10.0.0.1
2.404 node: . 1001+730 ack 1
4.004 node: . 1001+730 ack 1
4.004 node: arp ? 10.0.0.2
5.004 node: arp ? 10.0.0.2
6.004 node: arp ? 10.0.0.2
7.004 node: arp ? 10.0.0.2
7.005 peer: arp ! 10.0.0.1
7.204 node: . 1001+730 ack 1
7.204 node: arp ? 10.0.0.2
7.205 peer: . 1 ack 1731
7.205 peer: arp ! 10.0.0.1
7.206 node: FP. 1731+270 ack 1
7.207 peer: . 1 ack 2002
7.207 peer: F. 1 ack 2002
7.208 node: . 2002 ack 2
"""
