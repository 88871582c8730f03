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
"""
TRACE = """
"""
