# SPDX-License-Identifier: MIT
"""tcpdump: frames from a file and live, as lines in tcpdump's form, through filters, and into files.

The frames are made here, byte for byte; the lines are those that libpcap's tcpdump prints for them.
"""
import hashlib
import os
import random
import re
import socket
import struct
import time

import boot
import disks
import pytest
from conftest import BUILD

SEED = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
US, HOST, DNS = "10.0.2.15", "10.0.2.2", "10.0.2.3"
OUR_MAC, HOST_MAC, ALL = bytes.fromhex("525400123456"), bytes.fromhex("52550a000202"), b"\xff" * 6


def ethernet(payload, kind=0x0800, to=HOST_MAC, sender=OUR_MAC):
    return to + sender + struct.pack(">H", kind) + payload


def arp(operation, sender_mac, sender, target):
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + sender_mac + socket.inet_aton(sender) + bytes(6) + \
        socket.inet_aton(target)


def ip(protocol, payload, source=US, target=HOST, fragment=0):
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0) + socket.inet_aton(source) + \
        socket.inet_aton(target) + payload


def tcp(source, target, flags, seq, ack, data=b"", options=b"", window=500):
    return struct.pack(">HHIIBBHHH", source, target, seq, ack, (20 + len(options)) // 4 << 4, flags, window, 0, 0) + options + data


def udp(source, target, data):
    return struct.pack(">HHHH", source, target, 8 + len(data), 0) + data


def dns_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


QUESTION = dns_name("example.com") + struct.pack(">HH", 1, 1)
ANSWER = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("93.184.216.34")
SYN = b"\x02\x04\x05\xb4\x04\x02\x08\x0a" + struct.pack(">II", 5, 0) + b"\x01\x03\x03\x07"
SACK = b"\x01\x01\x05\x0a" + struct.pack(">II", 1100, 1200)
PING = struct.pack(">BBHHH", 8, 0, 0, 7, 1) + b"x" * 56
DISCOVER = struct.pack(">BBBBI", 1, 1, 6, 0, 5) + bytes(20) + OUR_MAC + bytes(202) + b"\x63\x82\x53\x63" + b"\x35\x01\x01\xff"
FRAMES = [
    (ethernet(arp(1, OUR_MAC, US, HOST), 0x0806, ALL), "ARP, Request who-has 10.0.2.2 tell 10.0.2.15, length 28"),
    (ethernet(arp(2, HOST_MAC, HOST, US), 0x0806, OUR_MAC, HOST_MAC), "ARP, Reply 10.0.2.2 is-at 52:55:0a:00:02:02, length 28"),
    (ethernet(ip(1, PING)), "IP 10.0.2.15 > 10.0.2.2: ICMP echo request, id 7, seq 1, length 64"),
    (ethernet(ip(6, tcp(40000, 80, 2, 1000, 0, b"", SYN))),
     "IP 10.0.2.15.40000 > 10.0.2.2.80: Flags [S], seq 1000, win 500, options [mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7], length 0"),
    (ethernet(ip(6, tcp(80, 40000, 0x12, 9000, 1001), HOST, US), to=OUR_MAC, sender=HOST_MAC),
     "IP 10.0.2.2.80 > 10.0.2.15.40000: Flags [S.], seq 9000, ack 1001, win 500, length 0"),
    (ethernet(ip(6, tcp(40000, 80, 0x18, 1001, 9001, b"GET / HTTP/1.0\r\n\r\n"))),
     "IP 10.0.2.15.40000 > 10.0.2.2.80: Flags [P.], seq 1:19, ack 1, win 500, length 18"),
    (ethernet(ip(6, tcp(80, 40000, 0x10, 9001, 1019, b"", SACK), HOST, US), to=OUR_MAC, sender=HOST_MAC),
     "IP 10.0.2.2.80 > 10.0.2.15.40000: Flags [.], ack 19, win 500, options [nop,nop,sack 1 {100:200}], length 0"),
    (ethernet(ip(6, tcp(80, 40000, 0x11, 9001, 1019), HOST, US), to=OUR_MAC, sender=HOST_MAC),
     "IP 10.0.2.2.80 > 10.0.2.15.40000: Flags [F.], seq 1, ack 19, win 500, length 0"),
    (ethernet(ip(17, udp(5000, 53, struct.pack(">6H", 1234, 0x0100, 1, 0, 0, 0) + QUESTION), US, DNS)),
     "IP 10.0.2.15.5000 > 10.0.2.3.53: 1234+ A? example.com. (29)"),
    (ethernet(ip(17, udp(53, 5000, struct.pack(">6H", 1234, 0x8180, 1, 1, 0, 0) + QUESTION + ANSWER), DNS, US)),
     "IP 10.0.2.3.53 > 10.0.2.15.5000: 1234 1/0/0 A 93.184.216.34 (45)"),
    (ethernet(ip(17, udp(53, 5000, struct.pack(">6H", 77, 0x8003, 1, 0, 0, 0) + QUESTION), DNS, US)),
     "IP 10.0.2.3.53 > 10.0.2.15.5000: 77 NXDomain- 0/0/0 (29)"),
    (ethernet(ip(17, udp(68, 67, DISCOVER), "0.0.0.0", "255.255.255.255"), to=ALL),
     "IP 0.0.0.0.68 > 255.255.255.255.67: BOOTP/DHCP, Request from 52:54:00:12:34:56, Discover, length 244"),
    (ethernet(ip(1, struct.pack(">BBHI", 3, 3, 0, 0) + ip(17, udp(1, 33434, b"")), HOST, US)),
     "IP 10.0.2.2 > 10.0.2.15: ICMP 10.0.2.2 udp port 33434 unreachable, length 36"),
    (ethernet(ip(1, struct.pack(">BBHHH", 3, 4, 0, 0, 1400) + ip(6, tcp(1, 80, 2, 0, 0)), HOST, US)),
     "IP 10.0.2.2 > 10.0.2.15: ICMP 10.0.2.2 unreachable - need to frag (mtu 1400), length 48"),
    (ethernet(ip(17, b"y" * 1400, fragment=0x2000 | 175)), "IP 10.0.2.15 > 10.0.2.2: udp (frag 1:1400@1400+)"),
    (ethernet(b"\x60" + bytes(39), 0x86dd), "IPv6 (0x86dd), length 54"),
]
FILTERS = {
    "tcp port 80 and src host 10.0.2.2": [4, 6, 7],
    "arp or icmp": [0, 1, 2, 12, 13],
    "not '(' ip or arp ')'": [15],
    "port 53 or 67": [8, 9, 10, 11],
    "ether src 52:55:0a:00:02:02": [1, 4, 6, 7],
    "udp dst port 53 or dst port 67": [8, 11],
    "host 10.0.2.3": [8, 9, 10],
    "net 0.0.0.0/8 or broadcast": [0, 11],
    "src net 10.0.2.2/31 and not tcp": [1, 9, 10, 12, 13],
    "greater 300 and udp": [14],
    "portrange 40000-40001 and less 60": [4, 7],
    "tcp and '!' src port 80": [3, 5],
}
MISTAKES = {
    "foo": 'expected a word about a frame at "foo"',
    "host": "expected an address like 10.0.2.2 at the end",
    "port 65536": 'expected a port like 80 at "65536"',
    "'(' tcp": 'expected ")" at the end',
    "tcp udp": 'expected "and" or "or" at "udp"',
    "tcp and": "expected a word about a frame at the end",
}


def pcap(frames, magic=0xa1b2c3d4, order="<", link=1):
    header = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535 + 14, link)
    return header + b"".join(struct.pack(order + "IIII", i, 0, len(frame), len(frame)) + frame for i, frame in enumerate(frames))


def damaged(dice):
    frame = bytearray(dice.choice(FRAMES)[0])
    for _ in range(dice.randrange(1, 6)):
        frame[dice.randrange(len(frame))] = dice.randrange(256)
    return bytes(frame[:dice.randrange(1, len(frame) + 1)])


@pytest.fixture(scope="module", params=boot.MACHINES)
def session(request, image, tmp_path_factory):
    print(f"SEED={SEED}")
    dice = random.Random(SEED)
    folder = tmp_path_factory.mktemp("captures")
    frames = [frame for frame, _ in FRAMES]
    contents = {"a": pcap(frames), "big": pcap(frames, order=">"), "raw": pcap([frame[14:] for frame in frames[2:]], link=101),
                "bad": pcap([damaged(dice) for _ in range(500)]), "cut": pcap(frames)[:-7], "no": b"hello" * 99}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    boot.make("tools", BUILD=BUILD)
    disk = str(tmp_path_factory.mktemp("disks") / "disk.img")
    disks.make_disk(disk, disks.Disk("tsfs", "16M", str(folder)), BUILD)
    with boot.Session(request.param, image(request.param), disks=[disk], net="user") as started:
        started.prompt()
        if "by DHCP" not in started.text:
            started.expect("by DHCP")
            started.expect("\n")
        yield started


def lines(numbers):
    return "".join(FRAMES[i][1] + "\n" for i in numbers)


def test_lines(session):
    everything = lines(range(len(FRAMES)))
    assert session.run("tcpdump -tnr /a") == everything
    assert session.run("tcpdump -tnr /big") == everything
    assert session.run("tcpdump -tnr /raw").splitlines()[:5] == [line for _, line in FRAMES[2:7]]
    assert session.run("tcpdump -r /a -c 1 icmp").startswith("00:00:02.000000 IP 10.0.2.15 > ")
    assert "IP 10.0.2.15.40000 > 10.0.2.2.http: " in session.run("tcpdump -r /a -c 1 tcp")
    assert "seq 1001:1019, ack 9001" in session.run("tcpdump -Sr /a -c 3 tcp")
    assert session.run("tcpdump -etxnr /a -c 1 arp") == (
        "52:54:00:12:34:56 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42: " + lines([0]) +
        "\t0x0000:  ffff ffff ffff 5254 0012 3456 0806 0001\n\t0x0010:  0800 0604 0001 5254 0012 3456 0a00 020f\n"
        "\t0x0020:  0000 0000 0000 0a00 0202\n")


def test_filters(session):
    """What passes; sequence numbers count from the first segment that does."""
    def what(text):
        return [re.split(", (?:seq|ack)", line)[0] for line in text.splitlines()]

    for words, numbers in FILTERS.items():
        assert what(session.run(f"tcpdump -tnr /a {words}")) == what(lines(numbers)), words
    for words, complaint in MISTAKES.items():
        assert session.run(f"tcpdump -r /a {words}; echo $?") == f"tcpdump: the filter: {complaint}\n2\n"


def test_files(session):
    expected = hashlib.sha256(pcap([frame for frame, _ in FRAMES], magic=0xa1b23c4d)).hexdigest()
    assert session.run("tcpdump -r /a -w /tmp/b; sha256sum /tmp/b") == f"{expected}  /tmp/b\n"
    assert session.run("tcpdump -tnr /tmp/b arp") == lines([0, 1])
    assert session.run("tcpdump -tnr /cut") == lines(range(len(FRAMES) - 1))
    assert "expected a pcap file" in session.run("tcpdump -r /no")
    assert "no such file" in session.run("tcpdump -r /none")
    assert session.run("tcpdump -nr /bad | wc -l; echo $?") == "500\n0\n"


def test_live(session):
    session.run("tcpdump -c 4 -w /tmp/live icmp > /tmp/said 2>&1 &")
    session.run("ping -c 2 10.0.2.2", 30)
    session.run("wait; sleep 1")
    assert session.run("cat /tmp/said") == "tcpdump: listening on all interfaces\ntcpdump: 4 frames, 0 dropped\n"
    shown = session.run("tcpdump -tnr /tmp/live").splitlines()
    assert [" request, " in line for line in shown] == [True, False, True, False] and "10.0.2.15 > 10.0.2.2: ICMP echo" in shown[0]
    session.run("tcpdump -i lo -tnc 2 > /tmp/said 2>&1 &")
    session.run("ping -c 1 127.0.0.1", 30)
    assert "IP 127.0.0.1 > 127.0.0.1: ICMP echo reply" in session.run("sleep 1; cat /tmp/said")
    assert "eth7: no such device" in session.run("tcpdump -i eth7")
    session.send("tcpdump tcp port 9\n")  # Ctrl-C ends one that waits
    session.expect("listening on")
    session.send("\x03")
    session.prompt()
