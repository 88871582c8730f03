# SPDX-License-Identifier: MIT
"""A router says that a packet was too large, and for how much there is room: it goes again at once, smaller (RFC 1191). One
about a packet that was never sent is not believed (RFC 5927, 7.2)."""
import struct

import wire

NODE = "connect 10.0.0.2:80; write 6000; close; gone 300"


def too_large(p, packet, mtu):
    p.send_ip(wire.ICMP, wire.icmp(3, 4, mtu, packet.ip[:28]), source="10.0.0.2")


def peer(p):
    c = yield from p.accept()
    segment = yield from p.receive()
    assert len(segment.ip) == 1500 and segment.dont_fragment
    forged = segment.ip[:24] + struct.pack(">I", segment.seq ^ 0x40000000) + segment.ip[28:]
    too_large(p, wire.Packet(ip=forged), 600)
    too_large(p, segment, 900)
    size = 0
    while size < 6000:
        before = c.ack
        segment = yield from c.receive()
        if segment.data and segment.seq == before and len(segment.ip) <= 900:
            size += len(segment.data)
            c.send()
        elif len(segment.ip) > 900:
            c.ack = before  # it does not get through
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 6000 bytes in all
"""
TRACE = """
0.004 node: handshake
0.004 node: . 1+1460*4 ack 1
0.004 node: FP. 5841+160 ack 1
0.005 peer: icmp 3.4
0.005 peer: icmp 3.4
0.006 node: . 1+860 ack 1
0.007 peer: . 1 ack 861
0.008 node: . 861+860*5 ack 1
0.008 node: FP. 5161+840 ack 1
0.009 peer: . 1 ack 1721
0.009 peer: . 1 ack 2581
0.009 peer: . 1 ack 3441
0.009 peer: . 1 ack 4301
0.009 peer: . 1 ack 5161
0.009 peer: . 1 ack 6002
0.009 peer: F. 1 ack 6002
0.010 node: . 6002 ack 2
"""
