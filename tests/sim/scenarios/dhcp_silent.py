# SPDX-License-Identifier: MIT
"""Nobody answers DHCP: the node asks again, each time after a longer pause, says so, and does not stop (RFC 2131, 4.1)."""
NODE = "dhcp 40"
WORDS = ""


def peer(p):
    p.answers_arp = False
    while True:
        if (yield p.wait()) is None:
            return


SAYS = """
"""
TRACE = """
"""
