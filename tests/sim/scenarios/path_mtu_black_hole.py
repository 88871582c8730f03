# SPDX-License-Identifier: MIT
"""Frames over 1000 bytes go nowhere, and nobody says so: after some timeouts the segments become smaller (RFC 2923, 2.1; RFC
4821)."""
NODE = "connect 10.0.0.2:80; write 20000; close; gone 300"
LIMIT_S = 900


def peer(p):
    p.cable.mtu = 1000
    c = yield from p.accept()
    yield from c.read(20000)
    yield from c.finish()


SAYS = """
0.004 connect: established
0.004 written: 20000 bytes in all
"""
TRACE = """
0.004 node: handshake
0.004 node: . 1+1460*10 ack 1  LOST
0.204 node: . 1+1460 ack 1  LOST
0.604 node: . 1+1460 ack 1  LOST
1.404 node: . 1+730 ack 1
1.405 peer: . 1 ack 731
1.406 node: . 731+730*2 ack 1
1.407 peer: . 1 ack 1461
1.407 peer: . 1 ack 2191
1.408 node: . 2191+730*4 ack 1
1.409 peer: . 1 ack 2921
1.409 peer: . 1 ack 3651
1.409 peer: . 1 ack 4381
1.409 peer: . 1 ack 5111
1.410 node: . 5111+730*8 ack 1
1.411 peer: . 1 ack 5841
1.411 peer: . 1 ack 6571
1.411 peer: . 1 ack 7301
1.411 peer: . 1 ack 8031
1.411 peer: . 1 ack 8761
1.411 peer: . 1 ack 9491
1.411 peer: . 1 ack 10221
1.411 peer: . 1 ack 10951
1.412 node: . 10951+730*12 ack 1
1.412 node: FP. 19711+290 ack 1
1.413 peer: . 1 ack 11681
1.413 peer: . 1 ack 12411
1.413 peer: . 1 ack 13141
1.413 peer: . 1 ack 13871
1.413 peer: . 1 ack 14601
1.413 peer: . 1 ack 15331
1.413 peer: . 1 ack 16061
1.413 peer: . 1 ack 16791
1.413 peer: . 1 ack 17521
1.413 peer: . 1 ack 18251
1.413 peer: . 1 ack 18981
1.413 peer: . 1 ack 19711
1.413 peer: . 1 ack 20002
1.413 peer: F. 1 ack 20002
1.414 node: . 20002 ack 2
"""
