# SPDX-License-Identifier: MIT
"""A peer that offers 100 bytes of window at a time: the node waits for more, and sends so little only when the override time-out
has passed (RFC 1122, 4.2.3.4: 0.1 to 1 second)."""
import wire

NODE = "connect 10.0.0.2:80; write 10000; close; gone 300"
WINDOWS = True


def peer(p):
    c = yield from p.accept(window=2920)
    data, times = b"", []
    while len(data) < 10000:
        segment = yield from c.receive()
        data += segment.data
        if len(segment.data) == 100:
            times.append(p.now)
        c.window = 100 if len(times) < 4 else 65535
        c.send()
    assert data == wire.pattern(0, 10000)
    waits = [b - a for a, b in zip(times, times[1:])]
    assert all(0.1 <= wait <= 1 for wait in waits), waits
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 10000 bytes in all
"""
TRACE = """
0.002 node: S 0 win 65535
0.003 peer: S. 0 ack 1 win 2920
0.004 node: . 1 ack 1 win 65535
0.004 node: . 1+1460*2 ack 1 win 65535
0.005 peer: . 1 ack 1461 win 100
0.005 peer: . 1 ack 2921 win 100
0.206 node: . 2921+100 ack 1 win 65535
0.207 peer: . 1 ack 3021 win 100
0.408 node: . 3021+100 ack 1 win 65535
0.409 peer: . 1 ack 3121 win 100
0.610 node: . 3121+100 ack 1 win 65535
0.611 peer: . 1 ack 3221 win 100
0.812 node: . 3221+100 ack 1 win 65535
0.813 peer: . 1 ack 3321 win 65535
0.814 node: . 3321+1460*4 ack 1 win 65535
0.814 node: FP. 9161+840 ack 1 win 65535
0.815 peer: . 1 ack 4781 win 65535
0.815 peer: . 1 ack 6241 win 65535
0.815 peer: . 1 ack 7701 win 65535
0.815 peer: . 1 ack 9161 win 65535
0.815 peer: . 1 ack 10002 win 65535
0.815 peer: F. 1 ack 10002 win 65535
0.816 node: . 10002 ack 2 win 65534
"""
