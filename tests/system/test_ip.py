# SPDX-License-Identifier: MIT
"""IPv4 and ICMP as others on the same wire see them: questions from outside, in order and out of it."""
import random
import struct

import pytest
from ip_wire import GATEWAY, ICMP, PEER, US, Wire, echo, fragments, garbled, icmp, ip

DATA = bytes(range(256)) * 20  # 5,120 bytes


@pytest.fixture
def wire(tmp_path, start, machine):
    """The wire of a machine that answers."""
    wire = Wire(tmp_path)
    session = start(machine, image_options={"CHAPTER": "21"}, append="stay", net=wire.words)
    session.expect("lo gives: 10.0.2.15 to 10.0.2.15, 84 bytes, echo reply\n")
    while wire.receive(0.1):
        pass  # its own questions in fragments, which nobody has answered
    yield wire
    wire.close()


def answers(wire, data, **fields):
    """Whether a question with this data is answered, as it should be."""
    wire.send(ip(echo(data), **fields))
    return is_answer(wire.receive_whole(), data)


def is_answer(reply, data):
    assert (reply.source, reply.destination, reply.protocol) == (US, PEER, ICMP)
    assert reply.payload == icmp(0, rest=struct.pack("!HH", 7, 1), data=data)
    return True


def test_echo(wire):
    for size in (0, 1, 17, 18, 56, 1472):
        assert answers(wire, DATA[:size])
    assert answers(wire, b"options", options=b"\x94\x04\0\0")      # router alert
    assert answers(wire, b"dying", ttl=1)                          # we are where it was to go
    for order in (1, -1):                                          # in pieces, from either end
        for piece in list(fragments(echo(DATA), 1480, id=order + 5))[::order]:
            wire.send(piece)
        assert is_answer(wire.receive_whole(), DATA)


def test_what_is_not_answered(wire):
    question = ip(echo(b"?"))
    pieces = list(fragments(echo(DATA), 1480, id=5))
    for packet in (
            question[:10] + b"\xff\xff" + question[12:],           # a wrong checksum, in either header
            question[:-1] + b"!",
            ip(echo(b"?"), source="127.0.0.1"),                    # senders that cannot be
            ip(echo(b"?"), source="10.0.2.255"),
            ip(echo(b"?"), source="224.0.0.1"),
            ip(echo(b"?"), source=US),
            ip(echo(b"?"), destination="10.0.2.16"),               # for somebody else
            ip(echo(b"?"), destination="127.0.0.1"),
            ip(echo(b"?"), options=b"\x83\x07\x04\x0a\0\2\3\0"),   # a source route
            icmp(8), b"", b"\x45",
            pieces[0], pieces[0], pieces[2], pieces[3],            # the second never comes
            ip(DATA[:8], id=6, flags=1, offset=65528),             # beyond the end of what can be
            ip(icmp(3, 3, data=ip(b"", source=PEER) + bytes(8)))):  # about a packet that was not ours
        wire.send(packet)
    assert wire.receive(0.3) is None
    assert answers(wire, b"still there?")


def test_unknown_protocols_are_reported_but_not_without_end(wire):
    question = ip(b"what is this?", protocol=99)
    wire.send(question)
    report = wire.receive()
    assert report.payload == icmp(3, 2, data=question)
    for _ in range(500):
        wire.send(question)
    count = 0
    while wire.receive(0.3):
        count += 1
    assert 1 <= count < 450


def test_noise(wire):
    """Garbled packets of all kinds do no harm: at the end questions are answered."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    kinds = [ip(echo(b"question")), ip(echo(b"question"), options=b"\x07\x07\x04\x0a\0\2\3\0"), *fragments(echo(DATA), 1480, id=9),
             ip(icmp(3, 4, data=ip(echo(b"x"), source=US, destination=GATEWAY))), ip(b"what is this?", protocol=99)]
    for _ in range(1500):
        wire.send(garbled(rng.choice(kinds), rng))
    while wire.receive(0.3):
        pass
    assert answers(wire, DATA[:1000])
