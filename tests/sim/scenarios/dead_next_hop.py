# SPDX-License-Identifier: MIT
"""The peer, which is the next hop, too, dies while the connection stands: after some retransmissions IP is told, and ARP looks
whether it is there, at once and not when its entry is a minute old (RFC 9293, 3.8.3, R1; RFC 1122, 3.3.1.4). So the user hears
of the right reason in the end."""
NODE = "connect 10.0.0.2:80; write 100; read; close; gone 1"
ARP = True


def peer(p):
    yield from p.accept()
    p.answers_arp = False
    yield p.sleep(320)


SAYS = """
0.004 connect: established
0.004 written: 100 bytes in all
300.004 read: 0 bytes, no way to that host
"""
TRACE = """
0.000 node: arp ? 10.0.0.1
0.000 node: arp ? 10.0.0.2
0.001 peer: arp ! 10.0.0.1
0.004 node: handshake
0.004 node: P. 1+100 ack 1
0.204 node: P. 1+100 ack 1
0.604 node: P. 1+100 ack 1
1.404 node: P. 1+100 ack 1
2.000 node: arp ? 10.0.0.1
3.004 node: P. 1+100 ack 1
3.004 node: arp ? 10.0.0.2
4.004 node: arp ? 10.0.0.2
5.004 node: arp ? 10.0.0.2
6.004 node: arp ? 10.0.0.2
7.004 node: arp ? 10.0.0.2
8.004 node: arp ? 10.0.0.2
12.604 node: arp ? 10.0.0.2
...
"""
