# SPDX-License-Identifier: MIT
"""The DNS server does not answer: three tries, five seconds each, and then -ETIMEDOUT (RFC 1035, 4.2.1; dns.h)."""
NODE = "resolve example.org"
WORDS = "ip=10.0.0.1/24,10.0.0.2,10.0.0.2"


def peer(p):
    while True:
        if (yield p.wait()) is None:
            return


SAYS = """
"""
TRACE = """
"""
