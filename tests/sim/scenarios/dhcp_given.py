# SPDX-License-Identifier: MIT
"""DHCP: an address is offered, asked for, given, looked at for conflicts, and renewed at half its time (RFC 2131, 4.4.5)."""
import struct

import wire

NODE = "dhcp 40; sleep 70000"
WORDS = ""
MAGIC = b"\x63\x82\x53\x63"


def answer(p, packet, kind):
    message = packet.data
    options = MAGIC + bytes((53, 1, kind, 54, 4)) + wire.address(p.ip) + bytes((51, 4)) + struct.pack(">I", 120) + \
        bytes((1, 4, 255, 255, 255, 0, 3, 4)) + wire.address(p.ip) + bytes((6, 4)) + wire.address(p.ip) + b"\xff"
    body = b"\2" + message[1:12] + message[12:16] + wire.address("10.0.0.1") + wire.address(p.ip) + message[24:236]
    to = "255.255.255.255" if message[10] & 0x80 else "10.0.0.1"
    p.send_ip(wire.UDP, wire.udp(p.ip, to, 67, 68, body + options), to=to)


def peer(p):
    kinds = []
    for reply in (2, 5, 5):
        packet = yield from p.receive(wire.UDP, 100, 67)
        kinds.append(packet.data[packet.data.index(MAGIC) + 6])
        answer(p, packet, reply)
    assert kinds == [1, 3, 3], f"DISCOVER, REQUEST and at half its time REQUEST again, found {kinds}"
    assert 55 < p.now < 66, p.now


SAYS = """
0.004 dhcp: bound
"""
TRACE = """
0.000 node: udp 68 > 67 300 bytes
0.001 peer: udp 67 > 68 274 bytes
0.002 node: udp 68 > 67 300 bytes
0.003 peer: udp 67 > 68 274 bytes
60.004 node: udp 68 > 67 300 bytes
60.005 peer: udp 67 > 68 274 bytes
"""
