# SPDX-License-Identifier: MIT
"""DHCP gives an address that somebody has: it is given back at once, ten seconds later another one is asked for, and that one
stays (RFC 2131, 3.1, 5 and 4.4.1)."""
import wire

NODE = "dhcp 40; sleep 20000"
WORDS = ""
ARP = True
MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, DECLINE, ACK = range(1, 6)


def answer(p, message, kind, given):
    options = MAGIC + bytes((53, 1, kind, 54, 4)) + wire.address(p.ip) + \
        bytes((51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 255))
    body = b"\2" + message[1:16] + wire.address(given) + message[20:236]
    p.send_ip(wire.UDP, wire.udp(p.ip, "255.255.255.255", 67, 68, body + options), to="255.255.255.255")


def peer(p):
    p.addresses.append("10.0.0.1")  # it is ours
    for kind, reply, given in ((DISCOVER, OFFER, "10.0.0.1"), (REQUEST, ACK, "10.0.0.1"), (DECLINE, None, None),
                               (DISCOVER, OFFER, "10.0.0.7"), (REQUEST, ACK, "10.0.0.7")):
        packet = yield from p.receive(wire.UDP, 100, 67)
        found = packet.data[packet.data.index(MAGIC) + 6]
        assert found == kind, f"expected message {kind}, found {found}"
        if reply:
            answer(p, packet.data, reply, given)


SAYS = """
0.004 dhcp: bound
* warning: eth0: DHCP gave us 10.0.0.1, which 52:54:00:00:ff:01 has already; asking for another one
* eth0: 10.0.0.7/24 by DHCP, gateway none, DNS none
"""
TRACE = """
0.000 node: udp 68 > 67 300 bytes
0.001 peer: udp 67 > 68 262 bytes
0.002 node: udp 68 > 67 300 bytes
0.003 peer: udp 67 > 68 262 bytes
0.004 node: arp ? 10.0.0.1
0.004 node: arp ? 10.0.0.1
0.005 peer: arp ! 0.0.0.0
0.006 node: udp 68 > 67 300 bytes
10.006 node: udp 68 > 67 300 bytes
10.007 peer: udp 67 > 68 262 bytes
10.008 node: udp 68 > 67 300 bytes
10.009 peer: udp 67 > 68 262 bytes
10.010 node: arp ? 10.0.0.7
10.010 node: arp ? 10.0.0.7
10.310 node: arp ? 10.0.0.7
10.610 node: arp ? 10.0.0.7
12.010 node: arp ? 10.0.0.7
"""
