# SPDX-License-Identifier: MIT
"""Far more SYNs than the backlog holds, from hosts that do not answer: an honest client still gets in, by a cookie (RFC 4987,
3.6), and nothing is left of the others in the end."""
from wire import pattern

NODE = "listen 80 8; accept; read 100; write 100; close; counters; gone 300"


def peer(p):
    flood = [f"10.0.0.{host}" for host in range(100, 160)]
    p.addresses += flood
    for host in flood:
        p.knock(source=2000, ip=host)
    yield p.sleep(0.1)
    p.inbox.clear()
    c = yield from p.connect()
    assert p.now < 0.5
    c.send(pattern(0, 100))
    yield from c.read(100)
    yield from c.finish()


SAYS = """
* accepted 10.0.0.2:1024
* read: 100 bytes, so far
* written: 100 bytes in all
"""
TRACE = """
...
0.104 peer: . 1+100 ack 1
...
0.105 node: P. 1+100 ack 101
...
0.107 node: . 102 ack 102
0.108 peer: . 102 ack 102
"""
