# SPDX-License-Identifier: MIT
"""What a router has said of a way holds for ten minutes; then a larger packet is tried again (RFC 1191, 6.3)."""
import wire

NODE = "connect 10.0.0.2:80; write 860; sleep 500000; write 860; sleep 110000; write 1460; close; gone 300"
LIMIT_S = 2000


def peer(p):
    c = yield from p.accept()
    p.send_ip(wire.ICMP, wire.icmp(3, 4, 600, (yield from p.receive()).ip[:28]))
    sizes = []
    while not c.is_over:
        segment = yield from c.receive(700)
        sizes += [len(segment.ip)] if segment.data else []
        c.send()
    assert max(sizes[1:-1]) <= 600 and sizes[-1] == 1500, f"found {sizes}"
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 860 bytes in all
500.004 written: 1720 bytes in all
610.004 written: 3180 bytes in all
"""
TRACE = """
0.004 node: handshake
...
0.006 node: . 1+560 ack 1
...
500.004 node: . 861+560 ack 1
...
610.004 node: P. 1721+1460 ack 1
...
"""
