# SPDX-License-Identifier: MIT
"""Frames over 1000 bytes go nowhere, and nobody says so: after some timeouts the segments become smaller (RFC 2923, 2.1; RFC
4821)."""
NODE = "connect 10.0.0.2:80; write 20000; close; gone 300"
LIMIT_S = 900


def peer(p):
    p.cable.mtu = 1000
    c = yield from p.accept()
    yield from c.read(20000)
    yield from c.finish()


SAYS = """
"""
TRACE = """
"""
