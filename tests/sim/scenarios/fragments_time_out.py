# SPDX-License-Identifier: MIT
"""Fragments whose others never come are given up after 30 seconds, and their sender hears of it if it was the first piece
that came (RFC 792; RFC 1122, 3.3.2). What comes later is no part of them."""
import wire

NODE = "sleep 100000"


def peer(p):
    echo = wire.icmp(8, 0, 1, bytes(1600))
    pieces = (0x2000, echo[:800]), (0x2000 | 100, echo[800:1600]), (200, echo[1600:])
    for ident, missing in ((1, 2), (2, 0)):  # the last, the first
        for number, (fragment, data) in enumerate(pieces):
            if number != missing:
                p.send_ip(wire.ICMP, data, ident=ident, fragment=fragment)
    report = yield from p.receive(wire.ICMP)
    assert (report.flags, report.seq) == (11, 1) and report.data[4:6] == b"\0\1", "expected: about the one with a beginning"
    yield p.sleep(10)
    for ident, (fragment, data) in (1, pieces[2]), (2, pieces[0]):
        p.send_ip(wire.ICMP, data, ident=ident, fragment=fragment)
    answer = yield from p.receive(wire.ICMP, seconds=20)
    assert answer is None, f"expected no answer to half a question, found {answer}"
    for ident in 1, 2:  # whole ones, in spite of what is left of the others
        for fragment, data in pieces:
            p.send_ip(wire.ICMP, data, ident=ident + 2, fragment=fragment)
    yield p.sleep(60)


SAYS = """
"""
TRACE = """
0.000 peer: ip 820 bytes
0.000 peer: ip 820 bytes
0.000 peer: ip 820 bytes
0.000 peer: ip 28 bytes
30.003 node: icmp 11.1
40.004 peer: ip 28 bytes
40.004 peer: ip 820 bytes
60.004 peer: ip 820 bytes
60.004 peer: ip 820 bytes
60.004 peer: ip 28 bytes
60.004 peer: ip 820 bytes
60.004 peer: ip 820 bytes
60.004 peer: ip 28 bytes
60.005 node: ip 1500 bytes
60.005 node: ip 148 bytes
60.005 node: ip 1500 bytes
60.005 node: ip 148 bytes
70.005 node: icmp 11.1
"""
