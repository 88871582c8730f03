# SPDX-License-Identifier: MIT
"""Who looks at connections: `ss` and `tcptrace` in the system, tools/tcptrace with a capture on this host."""
import os
import re
import struct
import subprocess
import xml.etree.ElementTree

import pytest

import boot

TOOL = os.path.join(boot.ROOT, "tools/tcptrace")
CLIENT, SERVER = ((10, 0, 0, 1), 4000), ((10, 0, 0, 2), 80)
SYN, ACK = 2, 16


def frame(source, target, sequence, ack, flags, data=0, window=1000, options=b""):
    """An Ethernet frame; of the data only the length is there, as with a short `-s`."""
    tcp = struct.pack(">HHIIBBHHH", source[1], target[1], sequence % 2**32, ack % 2**32, (20 + len(options)) // 4 << 4,
                      flags, window, 0, 0) + options
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp) + data, 0, 0, 64, 6, 0) + bytes(source[0]) + bytes(target[0])
    return bytes(12) + b"\x08\x00" + ip + tcp


def capture(path, frames, order="<"):
    with open(path, "wb") as file:
        file.write(struct.pack(order + "IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, bytes_ in enumerate(frames):
            file.write(struct.pack(order + "IIII", 7, i * 1000, len(bytes_), len(bytes_)) + bytes_)


def lossy(start):
    """A handshake and three segments, of which the first comes twice; the numbers wrap."""
    sack = struct.pack(">BBBBII", 1, 1, 5, 10, (start + 101) % 2**32, (start + 201) % 2**32)
    return [frame(CLIENT, SERVER, start, 0, SYN), frame(SERVER, CLIENT, 500, start + 1, SYN | ACK),
            frame(CLIENT, SERVER, start + 1, 501, ACK, 100), frame(CLIENT, SERVER, start + 101, 501, ACK, 100),
            frame(SERVER, CLIENT, 501, start + 1, ACK, options=sack), frame(CLIENT, SERVER, start + 1, 501, ACK, 100),
            frame(SERVER, CLIENT, 501, start + 201, ACK), b"\x00" * 60]


@pytest.mark.parametrize("order", ["<", ">"])
def test_draws_a_capture(tmp_path, order):
    capture(tmp_path / "in.pcap", lossy(2**32 - 150), order)
    picture = tmp_path / "out.svg"
    done = subprocess.run([TOOL, tmp_path / "in.pcap", "--out", picture], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "201 bytes, 2 segments and 1 sent again" in done.stdout
    classes = [path.get("class") for path in xml.etree.ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}path")]
    assert {"new", "again", "ack", "edge", "block"} <= set(classes)


def test_lists_connections(tmp_path):
    capture(tmp_path / "in.pcap", lossy(1000))
    done = subprocess.run([TOOL, tmp_path / "in.pcap", "--list"], capture_output=True, text=True)
    assert done.stdout == "  1  7 segments: 10.0.0.1:4000 sent 300 bytes, 10.0.0.2:80 sent 0 bytes\n"


@pytest.mark.parametrize("content, words", [(b"no capture", "is no pcap file"), (None, "there is no TCP")])
def test_says_what_is_wrong(tmp_path, content, words):
    path = tmp_path / "in.pcap"
    capture(path, [b"\x00" * 60]) if content is None else path.write_bytes(content)
    done = subprocess.run([TOOL, path], capture_output=True, text=True)
    assert done.returncode == 1 and words in done.stderr


def test_programs_that_look(machine, image):
    commands = ("nc -l 7 & sleep 0.2; ss -l; tcptrace next & sleep 0.2; echo hello | nc 127.0.0.1 7; sleep 0.3; ss -ti; "
                "tcptrace 999")
    with boot.Session(machine, image(machine), append=f'run="{commands}"') as session:
        session.expect(re.compile(r"tcp +LISTEN +0 +\d+ +\S+:7 +\* +\d+"))
        session.expect("(= in flight, - free, | ssthresh)")
        session.expect(re.compile(r" 0\.\d{3} s +\d+ [-= ]+.* end"))
        session.expect("tcptrace: 999: no such connection")
