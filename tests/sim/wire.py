# SPDX-License-Identifier: MIT
"""Frames as bytes and as words: what scripted peers send, and how a trace shows what went over a cable.

    frame = ethernet(to, sender, IPV4, ip("10.0.0.1", "10.0.0.2", TCP, tcp(...)))
    segment = parse(frame); segment.seq, segment.flags, segment.data

RFC 791, 768, 792, 826, 9293; written anew here, so that nobody's mistake is on both sides.
"""
import struct
from dataclasses import dataclass, field

ARP, IPV4 = 0x0806, 0x0800
ICMP, TCP, UDP = 1, 6, 17
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
LETTERS = ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "."), (URG, "U"))
BROADCAST = b"\xff" * 6
CIRCLE = 1 << 32


def pattern(offset, size):
    """The bytes that a node's script writes and expects (node.h)."""
    return bytes((i * 7 + (i >> 8) * 13) & 0xff for i in range(offset, offset + size))


def address(text):
    return bytes(int(part) for part in text.split("."))


def words(data):
    return ".".join(map(str, data))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


# ---- Making ------------------------------------------------------------------------------------------------------
def ethernet(to, sender, kind, data):
    return (to + sender + struct.pack(">H", kind) + data).ljust(60, b"\0")


def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack(">HHBBH", 1, IPV4, 6, 4, operation) + sender_mac + address(sender) + target_mac + address(target)


def ip(sender, to, protocol, data, ttl=64, ident=0, fragment=0, options=b""):
    length = 20 + len(options)
    head = struct.pack(">BBHHHBBH4s4s", 0x40 | length // 4, 0, length + len(data), ident, fragment, ttl, protocol, 0,
                       address(sender), address(to)) + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + data


def pseudo(sender, to, protocol, size):
    return struct.pack(">4s4sBBH", address(sender), address(to), 0, protocol, size)


def udp(sender, to, source, destination, data):
    head = struct.pack(">HHHH", source, destination, 8 + len(data), 0)
    total = checksum(pseudo(sender, to, UDP, 8 + len(data)) + head + data) or 0xffff
    return head[:6] + struct.pack(">H", total) + data


def tcp(sender, to, source, destination, seq, ack, flags, window, data=b"", options=b"", urgent=0):
    options += b"\1" * (-len(options) % 4)
    length = 20 + len(options)
    head = struct.pack(">HHIIBBHHH", source, destination, seq % CIRCLE, ack % CIRCLE, length // 4 << 4 | flags >> 8, flags & 255,
                       window, 0, urgent) + options
    total = checksum(pseudo(sender, to, TCP, length + len(data)) + head + data)
    return head[:16] + struct.pack(">H", total) + head[18:] + data


def icmp(kind, code, rest, data):
    head = struct.pack(">BBHI", kind, code, 0, rest)
    return head[:2] + struct.pack(">H", checksum(head + data)) + head[4:] + data


def mss(size):
    return struct.pack(">BBH", 2, 4, size)


def window_scale(shift):
    return struct.pack(">BBBB", 1, 3, 3, shift)


def timestamps(value, echo):
    return struct.pack(">BBBBII", 1, 1, 8, 10, value % CIRCLE, echo % CIRCLE)


def selective(*ranges):
    """SACK: (left, right) pairs."""
    return b"\1\1" + struct.pack(">BB", 5, 2 + 8 * len(ranges)) + b"".join(
        struct.pack(">II", left % CIRCLE, right % CIRCLE) for left, right in ranges)


SACK_PERMITTED = b"\1\1\4\2"


# ---- Reading -----------------------------------------------------------------------------------------------------
@dataclass
class Packet:
    """What is inside a frame. kind: ARP, TCP, UDP, ICMP, or 0 for anything else. Of TCP: sequence numbers as they are."""
    kind: int = 0
    source: str = ""
    destination: str = ""
    ports: tuple = (0, 0)
    seq: int = 0
    ack: int = 0
    flags: int = 0
    window: int = 0
    options: dict = field(default_factory=dict)
    data: bytes = b""
    ip: bytes = b""         # from the IP header on
    dont_fragment: bool = False
    is_damaged: bool = False

    @property
    def end(self):
        """The sequence number behind it."""
        return (self.seq + len(self.data) + bool(self.flags & SYN) + bool(self.flags & FIN)) % CIRCLE


def parse_options(data):
    found, position = {}, 0
    while position < len(data) and data[position]:
        if data[position] == 1:
            position += 1
            continue
        length = data[position + 1] if position + 1 < len(data) else 0
        if length < 2:
            break
        found[data[position]] = data[position + 2:position + length]
        position += length
    return found


def parse(frame):
    """The packet in a frame."""
    kind = struct.unpack_from(">H", frame, 12)[0]
    if kind == ARP:
        return Packet(ARP, words(frame[28:32]), words(frame[38:42]), flags=frame[21], data=frame[14:42])
    if kind != IPV4:
        return Packet()
    head = 14 + (frame[14] & 15) * 4
    total, _, fragment = struct.unpack_from(">HHH", frame, 16)
    packet = Packet(0, words(frame[26:30]), words(frame[30:34]), ip=frame[14:14 + total],
                    dont_fragment=bool(fragment & 0x4000), is_damaged=checksum(frame[14:head]) != 0)
    body, protocol = frame[head:14 + total], frame[23]
    if fragment & 0x3fff:
        return packet
    if protocol in (TCP, UDP):
        packet.is_damaged |= checksum(pseudo(packet.source, packet.destination, protocol, len(body)) + body) != 0
    if protocol == TCP and len(body) >= 20:
        packet.kind = TCP
        source, destination, packet.seq, packet.ack, offset, packet.flags, packet.window = struct.unpack_from(">HHIIBBH", body)
        packet.ports = source, destination
        packet.options = parse_options(body[20:(offset >> 4) * 4])
        packet.data = body[(offset >> 4) * 4:]
    elif protocol == UDP and len(body) >= 8:
        packet.kind, packet.ports, packet.data = UDP, struct.unpack_from(">HH", body), body[8:]
    elif protocol == ICMP and len(body) >= 8:
        packet.kind, packet.flags, packet.seq, packet.data = ICMP, body[0], body[1], body[8:]
    return packet


# ---- Showing -----------------------------------------------------------------------------------------------------
class Trace:
    """Lines for what goes over the cables, sequence numbers from 0 on in each direction of each connection."""

    def __init__(self, with_windows=False, with_arp=False):
        self.lines, self.first = [], {}
        self.with_windows, self.with_arp = with_windows, with_arp

    def watch(self, time, sender, frame, was_lost):
        """For Bed(watch=)."""
        if was_lost:
            self.lines[-1:] = [line + "  LOST" for line in self.lines[-1:]]
            return
        text = self.describe(parse(frame))
        if text:
            self.lines.append(f"{time / 1e9:.3f} {sender.name}: {text}")

    def describe(self, packet):
        if packet.kind == ARP:
            return f"arp {'?' if packet.flags == 1 else '!'} {packet.destination}" if self.with_arp else None
        if packet.kind == UDP:
            return f"udp {' > '.join('any' if port >= 49152 else str(port) for port in packet.ports)} {len(packet.data)} bytes"
        if packet.kind == ICMP:
            return f"icmp {packet.flags}.{packet.seq}"
        return self.describe_segment(packet) if packet.kind == TCP else f"ip {len(packet.ip)} bytes"

    def describe_segment(self, packet):
        here = packet.source, packet.destination, *packet.ports
        there = packet.destination, packet.source, *packet.ports[::-1]
        if packet.flags & SYN:
            self.first[here] = packet.seq
        seq = (packet.seq - self.first.setdefault(here, packet.seq)) % CIRCLE
        words_ = ["".join(letter for bit, letter in LETTERS if packet.flags & bit) or "-", str(seq)]
        if packet.data:
            words_[-1] += f"+{len(packet.data)}"
        if packet.flags & ACK:
            words_.append(f"ack {(packet.ack - self.first.setdefault(there, packet.ack)) % CIRCLE}")
        if self.with_windows:
            words_.append(f"win {packet.window}")
        if 5 in packet.options:
            edges = struct.unpack(f">{len(packet.options[5]) // 4}I", packet.options[5])
            near = [str((edge - self.first.get(there, 0)) % CIRCLE) for edge in edges]
            words_.append("sack " + " ".join("-".join(near[i:i + 2]) for i in range(0, len(near), 2)))
        return " ".join(words_)
