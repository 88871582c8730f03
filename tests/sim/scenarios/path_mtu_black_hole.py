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
0.002 node: S 0
0.003 peer: S. 0 ack 1
0.004 node: . 1 ack 1
0.004 node: . 1+1460 ack 1  LOST
0.004 node: . 1461+1460 ack 1  LOST
0.004 node: . 2921+1460 ack 1  LOST
0.004 node: . 4381+1460 ack 1  LOST
0.004 node: . 5841+1460 ack 1  LOST
0.004 node: . 7301+1460 ack 1  LOST
0.004 node: . 8761+1460 ack 1  LOST
0.004 node: . 10221+1460 ack 1  LOST
0.004 node: . 11681+1460 ack 1  LOST
0.004 node: . 13141+1460 ack 1  LOST
0.204 node: . 1+1460 ack 1  LOST
0.604 node: . 1+1460 ack 1  LOST
1.404 node: . 1+730 ack 1
1.405 peer: . 1 ack 731
1.406 node: . 731+730 ack 1
1.406 node: . 1461+730 ack 1
1.407 peer: . 1 ack 1461
1.407 peer: . 1 ack 2191
1.408 node: . 2191+730 ack 1
1.408 node: . 2921+730 ack 1
1.408 node: . 3651+730 ack 1
1.408 node: . 4381+730 ack 1
1.409 peer: . 1 ack 2921
1.409 peer: . 1 ack 3651
1.409 peer: . 1 ack 4381
1.409 peer: . 1 ack 5111
1.410 node: . 5111+730 ack 1
1.410 node: . 5841+730 ack 1
1.410 node: . 6571+730 ack 1
1.410 node: . 7301+730 ack 1
1.410 node: . 8031+730 ack 1
1.410 node: . 8761+730 ack 1
1.410 node: . 9491+730 ack 1
1.410 node: . 10221+730 ack 1
1.411 peer: . 1 ack 5841
1.411 peer: . 1 ack 6571
1.411 peer: . 1 ack 7301
1.411 peer: . 1 ack 8031
1.411 peer: . 1 ack 8761
1.411 peer: . 1 ack 9491
1.411 peer: . 1 ack 10221
1.411 peer: . 1 ack 10951
1.412 node: . 10951+730 ack 1
1.412 node: . 11681+730 ack 1
1.412 node: . 12411+730 ack 1
1.412 node: . 13141+730 ack 1
1.412 node: . 13871+730 ack 1
1.412 node: . 14601+730 ack 1
1.412 node: . 15331+730 ack 1
1.412 node: . 16061+730 ack 1
1.412 node: . 16791+730 ack 1
1.412 node: . 17521+730 ack 1
1.412 node: . 18251+730 ack 1
1.412 node: . 18981+730 ack 1
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
