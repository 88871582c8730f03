# SPDX-License-Identifier: MIT
"""A window that closed opens again, and the segment that says so is lost: only the node's probes can find out (RFC 9293,
3.8.6.1; RFC 1122, 4.2.2.17)."""
import wire

NODE = "connect 10.0.0.2:80; write 3000; close; gone 100"
WINDOWS = True


def peer(p):
    c = yield from p.accept(window=1000)
    data = yield from c.receive()
    assert data.data == wire.pattern(0, 1000), "a window of 1000 bytes is filled"
    c.send(window=0)
    probes = []
    for _ in range(3):
        probes.append((yield from c.receive()))
        c.ack = (c.iss and data.end)  # what a probe brings is not taken
        c.send(window=0)
    # Now it would open, and nobody says so.
    probe = yield from c.receive()
    c.window = 65535
    c.ack = probe.end if probe.data else data.end
    c.send()
    size = 3000 - 1000 - len(probe.data)
    yield from c.read(size)
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 3000 bytes in all
"""
TRACE = """
0.002 node: S 0 win 65535
0.003 peer: S. 0 ack 1 win 1000
0.004 node: . 1 ack 1 win 65535
0.004 node: . 1+1000 ack 1 win 65535
0.005 peer: . 1 ack 1001 win 0
0.206 node: . 1001+1 ack 1 win 65535
0.207 peer: . 1 ack 1001 win 0
0.606 node: . 1001+1 ack 1 win 65535
0.607 peer: . 1 ack 1001 win 0
1.406 node: . 1001+1 ack 1 win 65535
1.407 peer: . 1 ack 1001 win 0
3.006 node: . 1001+1 ack 1 win 65535
3.007 peer: . 1 ack 1002 win 65535
3.008 node: . 1002+1460 ack 1 win 65535
3.008 node: FP. 2462+539 ack 1 win 65535
3.009 peer: . 1 ack 2462 win 65535
3.009 peer: . 1 ack 3002 win 65535
3.009 peer: F. 1 ack 3002 win 65535
3.010 node: . 3002 ack 2 win 65534
"""
