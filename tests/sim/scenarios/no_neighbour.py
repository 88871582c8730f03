# SPDX-License-Identifier: MIT
"""Nobody has the address that the node connects to, on its own link: after ARP's questions it is no use to wait for longer
(a router's word would be a hint only: RFC 9293, 3.9.2.2; this is what we have found out ourselves)."""
NODE = "connect 10.0.0.2:80; gone 1"
ARP = True


def peer(p):
    p.answers_arp = False
    yield p.sleep(20)


SAYS = """
3.000 connect: no way to that host
"""
TRACE = """
...
"""
