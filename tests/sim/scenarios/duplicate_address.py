# SPDX-License-Identifier: MIT
"""Another host says that it has the node's address: the node says so, and goes on (RFC 5227, 2.4)."""
import wire

NODE = "sleep 3000"
ARP = True


def peer(p):
    yield p.sleep(1)
    claim = wire.arp(1, p.mac, "10.0.0.1", b"\0" * 6, "10.0.0.1")
    p.send_frame(wire.ethernet(wire.BROADCAST, p.mac, wire.ARP, claim))


SAYS = """
* warning: eth0: 52:54:00:00:ff:01 uses our address 10.0.0.1, too: give one of the two another
"""
TRACE = """
0.000 node: arp ? 10.0.0.1
1.000 peer: arp ? 10.0.0.1
1.001 node: arp ? 10.0.0.1
2.000 node: arp ? 10.0.0.1
"""
