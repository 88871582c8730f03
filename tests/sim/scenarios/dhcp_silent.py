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
* warning: eth0: no DHCP server answers; trying on. Without one: ip=ADDRESS/PREFIX,GATEWAY,DNS on the command line, or ifconfig
40.000 dhcp: timed out
"""
TRACE = """
0.000 node: udp 68 > 67 300 bytes
* node: udp 68 > 67 300 bytes
* node: udp 68 > 67 300 bytes
* node: udp 68 > 67 300 bytes
"""
