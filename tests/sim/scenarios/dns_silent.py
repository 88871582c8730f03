# SPDX-License-Identifier: MIT
"""The DNS server does not answer: three tries, five seconds each, and then -ETIMEDOUT (RFC 1035, 4.2.1; dns.h)."""
NODE = "resolve example.org"
WORDS = "ip=10.0.0.1/24,10.0.0.2,10.0.0.2"


def peer(p):
    while True:
        if (yield p.wait()) is None:
            return


SAYS = """
* warning: DNS: no answer from 10.0.0.2:53, asked 3 times for example.org; is it the right server?
15.000 example.org: timed out
"""
TRACE = """
0.002 node: udp any > 53 29 bytes
5.000 node: udp any > 53 29 bytes
10.000 node: udp any > 53 29 bytes
"""
