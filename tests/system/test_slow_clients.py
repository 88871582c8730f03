# SPDX-License-Identifier: MIT
"""httpd and clients that take their time, in virtual time (tests/sim): the full system, and a scripted peer for each client."""
import os
import sys

import boot
import pytest

sys.path.insert(0, os.path.join(boot.ROOT, "tests/sim"))

import bed as beds  # noqa: E402
from peer import Peer  # noqa: E402
from wire import ACK, FIN, PSH, RST, TCP  # noqa: E402

REQUEST = b"GET / HTTP/1.1\r\nHost: tsumiki\r\n\r\n"
HALF = REQUEST[:-2]
SLOW = 1000  # clients at once


@pytest.fixture
def serve(image):
    """serve(script, options): httpd with a small page and a large file, and a peer that does what the script says."""
    def run(script, options="", seconds=200):
        over = []

        def all_of(p):
            yield p.sleep(2)  # until it listens
            yield from script(p)
            over.append(True)
        bed = beds.Bed(1)
        node = bed.node("server", image("host"), 'ip=10.0.0.1/24 run="mkdir /www; echo hello >/www/index.html; '
                        f'seq 60000 >/www/large; httpd -q {options} & sleep {seconds}"', memory="64M")
        bed.cable(node, Peer(bed, all_of))
        bed.run(1000)
        assert over, f"the script did not come to its end:\n{node.text}"
    return run


def say(c, data):
    c.send(data, flags=PSH | ACK)


def hear_out(c):
    """All that comes until the other end closes."""
    data, over = b"", 0
    while not over:
        before = c.ack
        segment = yield from c.receive(100)
        assert segment, f"it was not closed; it said {data}"
        if segment.seq == before:
            data += segment.data
            over = segment.flags & (FIN | RST)
        c.send()
    return data


def ask(p, source):
    """An honest client: how long its answer took."""
    start = p.now
    c = yield from p.connect(source=source)
    say(c, REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    answer = yield from hear_out(c)
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"hello\n")
    return p.now - start


@pytest.mark.parametrize("data", [b"", HALF])
def test_a_request_has_ten_seconds(serve, data):
    """Who has begun one is told why."""
    def script(p):
        c, start = (yield from p.connect()), p.now
        if data:
            say(c, data)
        answer = yield from hear_out(c)
        assert answer.startswith(b"HTTP/1.1 408 ") if data else not answer
        assert 9.9 < p.now - start < 10.2, p.now - start
    serve(script)


def test_a_byte_now_and_then_gives_no_more_time(serve):
    def script(p):
        c, start = (yield from p.connect()), p.now
        for byte in HALF[:4]:
            say(c, bytes([byte]))
            yield p.sleep(2.4)
        assert (yield from hear_out(c)).startswith(b"HTTP/1.1 408 ")
        assert 9.9 < p.now - start < 10.2, p.now - start
    serve(script)


def test_a_kept_connection_has_a_minute(serve):
    """Each request begins it anew."""
    def script(p):
        c = yield from p.connect()
        for pause in (0, 50, 50):
            yield p.sleep(pause)
            start = p.now
            say(c, REQUEST)
            before = yield from c.receive()
            while not before.data:
                before = yield from c.receive()
            c.send()
        assert (yield from hear_out(c)) == b""
        assert 59.9 < p.now - start < 60.2, p.now - start
    serve(script)


def test_who_does_not_read_has_thirty_seconds(serve):
    """What TCP has taken by then still comes, and then the end, before all of the file."""
    def script(p):
        c = yield from p.connect(window=1000)
        c.window = 0
        say(c, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        yield p.sleep(35)
        c.window = 65535
        c.send()
        p.inbox.clear()
        answer = yield from hear_out(c)
        assert answer.count(b"\n") < 60000
    serve(script)


def test_who_reads_a_little_now_and_then_has_no_longer(serve):
    """A quarter of what TCP keeps for it has to go in each thirty seconds."""
    def script(p):
        c = yield from p.connect(window=1000)
        say(c, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(12):
            yield p.sleep(3)
            c.ack = max((segment.seq + len(segment.data) for segment in p.inbox if segment.kind == TCP), default=c.ack)
            p.inbox.clear()
            c.send()
        c.window = 65535
        c.send()
        answer = yield from hear_out(c)
        assert 0 < answer.count(b"\n") < 60000
    serve(script)


def open_slow_ones(p):
    for i in range(SLOW):
        c = yield from p.connect(source=2000 + i)
        say(c, HALF)


def test_a_thousand_slow_ones_and_an_honest_one(serve):
    def script(p):
        yield from open_slow_ones(p)
        assert (yield from ask(p, 50000)) < 0.1
        p.inbox.clear()
        yield p.sleep(11)
        told = {segment.ports[1] for segment in p.inbox if segment.kind == TCP and segment.data.startswith(b"HTTP/1.1 408 ")}
        assert len(told) == SLOW
        assert (yield from ask(p, 50001)) < 0.1
    serve(script)


def test_when_there_is_no_room_the_honest_one_waits_for_ten_seconds_at_most(serve):
    def script(p):
        yield from open_slow_ones(p)
        took = yield from ask(p, 50000)
        assert 1 < took < 10.5, took
    serve(script, f"-c {SLOW}")
