# SPDX-License-Identifier: MIT
"""The network in virtual time (tests/sim): bulk transfers over bad links, and scenarios segment by segment."""
import glob
import os
import sys

import boot
import pytest

sys.path.insert(0, os.path.join(boot.ROOT, "tests/sim"))

import bed as beds  # noqa: E402
import bulk  # noqa: E402
import packetdrill  # noqa: E402
import scenario  # noqa: E402
import wire  # noqa: E402

NODE = {"APP": "tests/sim/node.c"}
PUPPET = {"APP": "tests/sim/puppet.c"}
SCRIPTS = os.path.join(boot.ROOT, "tests/sim/scripts")
SEEDS, CHUNK, CHECKED = 500, 100, 24  # CHECKED: so many with the sanitizers


def run_seeds(image, seeds):
    complaints = [f"tests/sim/run.py bulk {seed}: {complaint}" for seed in seeds
                  if (complaint := bulk.judge(bulk.make(image, seed)))]
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize("first", range(1, SEEDS, CHUNK))
def test_bulk_both_ways_over_bad_links(image, first):
    run_seeds(image("host", RELEASE="1", **NODE), range(first, first + CHUNK))


def test_the_same_with_the_sanitizers(image):
    run_seeds(image("host", **NODE), range(SEEDS + 1, SEEDS + 1 + CHECKED))


def test_a_seed_gives_the_same_run_to_the_byte(image):
    program = image("host", **NODE)
    seeds = (4, 8, 15)
    first = [bulk.make(program, seed) for seed in seeds]
    again = [bulk.make(program, seed) for seed in seeds]
    assert [bed.digest for bed in first] == [bed.digest for bed in again]
    assert [node.text for bed in first for node in bed.nodes] == [node.text for bed in again for node in bed.nodes]
    assert len({bed.digest for bed in first}) == len(seeds)


def test_three_at_one_hub(image):
    """Two ask a third at once, over links of different kinds."""
    bed = beds.Bed(3)
    hub = beds.Hub(bed)
    program = image("host", RELEASE="1", **NODE)
    server = bed.node("server", program, 'ip=10.0.0.1/24 script="listen 80; accept; bulk 50000; close; accept; bulk 50000; '
                      'close; gone 300"')
    for number in (2, 3):
        bed.node(f"client {number}", program, f'ip=10.0.0.{number}/24 script="sleep 5; connect 10.0.0.1:80; bulk 50000; close; '
                 'gone 300"')
    for node, quality in zip(bed.nodes, ({}, {"delay_ms": 20, "loss": 0.02}, {"rate": 100_000, "jitter_ms": 5})):
        bed.cable(node, hub, **quality)
    bed.run(2000)
    assert [node.status for node in bed.nodes] == [0, 0, 0], [node.text for node in bed.nodes]
    assert server.text.count("bulk: 50000 bytes sent, 50000 received") == 2


def test_what_is_wrong_is_found(image, monkeypatch):
    """A link that changes a byte and mends the checksums is not the network's to notice, but ours."""
    def forge(frame):
        packet = wire.parse(frame)
        if packet.kind != wire.TCP or len(packet.data) < 100:
            return frame
        body = wire.tcp(packet.source, packet.destination, *packet.ports, packet.seq, packet.ack, packet.flags,
                        packet.window, packet.data[:-1] + b"?", b"")
        return wire.ethernet(frame[:6], frame[6:12], wire.IPV4, wire.ip(packet.source, packet.destination, wire.TCP, body))
    send = beds.Cable.send
    monkeypatch.setattr(beds.Cable, "send", lambda self, sender, frame, now: send(self, sender, forge(frame), now))
    found = bulk.judge(bulk.make(image("host", **NODE), 1))
    assert found and "did not get" in found


@pytest.mark.parametrize("name", scenario.names())
def test_scenario(image, name):
    complaint = scenario.play(image("host", **NODE), name).complaint()
    assert not complaint, f"\ntests/sim/run.py {name}\n{complaint}"


@pytest.mark.parametrize("name", sorted(os.path.basename(path) for path in glob.glob(SCRIPTS + "/*.pkt")))
def test_packetdrill_script(image, name):
    result = packetdrill.play(image("host", **PUPPET), os.path.join(SCRIPTS, name))
    assert (result.word, result.text) == ("agreed", "")


@pytest.mark.parametrize("before, after, complaint", [
    ("> . 1:1(0) ack 301", "> . 1:1(0) ack 300", "differs line 16: > . 1:1(0) ack 300\n    ack: found . 1:1(0) ack 301 win"),
    ("> S. 0:0(0) ack 101", "> S 0:0(0)", "differs line 9: > S 0:0(0) <mss 1460"),
    ("> P. 1:3001(3000)", "> P. 1:3501(3500)", "differs line 20: > P. 1:3501(3500) ack 301\n    found P. 1:3001(3000)"),
    ("> P. 1:3001(3000)", "> P. 1:2501(2500)", "differs line 20: > P. 1:2501(2500) ack 301\n    numbers: found P. 1:3001"),
    ("> P. 1:3001(3000)", "> P. 2:3002(3000)", "differs line 20: > P. 2:3002(3000) ack 301\n    numbers: found"),
    ("+.1 < F.", "+.1 > F.", "differs line 21: > F. 301:301(0) ack 3001 win 250\n    flags: found"),
    ("4, ..., 1000) = 200", "4, ..., 1000) = 100", "differs line 15: read(4, ..., 1000) = 100\n    found 200"),
    ("1000) = 200", "1000) = 200\n +0...0.1 read(4, ..., 9) = 9", "differs line 16: read(4, ..., 9) = 9\n    it waits"),
    ("> S. 0:0(0) ack", "> SE. 0:0(0) ack", "skipped ECN"),
    ("read(4, ..., 1000)", "ioctl(4, SIOCINQ, [200])", "skipped ioctl()"),
    ("<mss 1000,sackOK", "<mss 1000,md5 1", "skipped TCP option md5 1")])
def test_packetdrill_finds_what_is_wrong(image, tmp_path, before, after, complaint):
    with open(os.path.join(SCRIPTS, "server.pkt")) as file:
        text = file.read()
    assert before in text
    path = tmp_path / "changed.pkt"
    path.write_text(text.replace(before, after, 1))
    result = packetdrill.play(image("host", **PUPPET), path)
    assert f"{result.word} {result.text}".startswith(complaint)
