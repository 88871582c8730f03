# SPDX-License-Identifier: MIT
"""The other end of a machine's network cable: frames as bytes, from and to a test.

    wire = Wire(tmp_path)                    a UNIX datagram socket; neighbours 10.0.2.2 and 10.0.2.9 answer ARP
    start(machine, net=wire.words)
    wire.send(ip(ECHO, payload))             an IP packet from 10.0.2.9, in a frame
    packet = wire.receive()                  the next IP packet that the machine sends, or None
"""
import queue
import random
import socket
import struct
import threading
import time

import boot

US, PEER, GATEWAY = "10.0.2.15", "10.0.2.9", "10.0.2.2"
MACS = {US: bytes.fromhex("525400123456"), PEER: bytes.fromhex("020000000009"), GATEWAY: bytes.fromhex("020000000002")}
ICMP, TCP, UDP = 1, 6, 17
PATIENCE = boot.PATIENCE


def checksum(data):
    """The Internet checksum of the data, in whose field there are zeros."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip(payload, protocol=ICMP, source=PEER, destination=US, **fields):
    """An IP packet; fields: id, flags, offset (bytes), ttl, options."""
    options = fields.get("options", b"")
    head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), fields.get("id", 0),
                       fields.get("flags", 0) << 13 | fields.get("offset", 0) // 8, fields.get("ttl", 64), protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination)) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def fragments(payload, size, **fields):
    """The same in pieces of so many bytes."""
    for offset in range(0, len(payload), size):
        more = offset + size < len(payload)
        yield ip(payload[offset:offset + size], flags=int(more), offset=offset, **fields)


def icmp(kind, code=0, rest=b"\0\0\0\0", data=b""):
    message = struct.pack("!BBH", kind, code, 0) + rest + data
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def echo(data, identifier=7, sequence=1):
    return icmp(8, rest=struct.pack("!HH", identifier, sequence), data=data)


class Packet:
    """An IP packet that the machine has sent, taken apart."""

    def __init__(self, data):
        self.data = data
        length, self.id, fragment, self.ttl, self.protocol = struct.unpack("!HHHBB", data[2:10])
        self.more, self.offset = bool(fragment & 0x2000), (fragment & 0x1fff) * 8
        self.source, self.destination = socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20])
        assert data[0] == 0x45 and checksum(data[:20]) == 0, f"a wrong header: {data[:20].hex()}"
        self.payload = data[20:length]


class Wire:
    def __init__(self, folder):
        self.local, self.remote = str(folder / "machine"), str(folder / "test")
        self.words = f"dgram:{self.local}:{self.remote}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.remote)
        self.packets = queue.Queue()
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while True:
            try:
                frame = self.socket.recv(70000)
            except OSError:
                return  # closed
            if frame[12:14] == b"\x08\x06":
                self._answer_arp(frame)
            elif frame[12:14] == b"\x08\x00":
                packet = Packet(frame[14:])
                if packet.destination == GATEWAY and packet.payload[:1] == b"\x08":
                    self._answer_echo(packet)
                else:
                    self.packets.put(packet)

    def _answer_arp(self, frame):
        wanted = socket.inet_ntoa(frame[38:42])
        if frame[20:22] == b"\0\1" and wanted in MACS and wanted != US:
            self.send_frame(frame[6:12] + MACS[wanted] + frame[12:20] + b"\0\2" + MACS[wanted] + frame[38:42] + frame[22:32])

    def _answer_echo(self, packet):
        """The gateway answers questions of one piece, and leaves the others alone."""
        if not packet.more and packet.offset == 0:
            data = packet.payload
            self.send(ip(icmp(0, rest=data[4:8], data=data[8:]), source=GATEWAY), source=GATEWAY)

    def send_frame(self, frame):
        for _ in range(20 * int(PATIENCE)):  # the machine may not have its socket yet, or no room in it
            try:
                self.socket.sendto(frame, self.local)
                return
            except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                time.sleep(0.05)

    def send(self, packet, source=PEER, destination=MACS[US]):
        self.send_frame(destination + MACS[source] + b"\x08\x00" + packet)

    def receive(self, patience=PATIENCE):
        """The next packet that came, or None."""
        try:
            return self.packets.get(timeout=patience)
        except queue.Empty:
            return None

    def receive_whole(self, patience=PATIENCE):
        """The same; what comes in pieces is put together."""
        pieces = {}
        while True:
            packet = self.receive(patience)
            assert packet, f"no packet, or not all of it: {sorted(pieces)}"
            pieces[packet.offset] = packet
            end = 0
            while end in pieces and pieces[end].more:
                end += len(pieces[end].payload)
            if end in pieces:
                packet = pieces[0]
                packet.payload = b"".join(pieces[offset].payload for offset in sorted(pieces))
                return packet

    def close(self):
        self.socket.close()


def garbled(packet, rng=random):
    """The packet with a few bytes changed, and its header's checksum right again more often than not."""
    data = bytearray(packet)
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(min(len(data), 48))] = rng.randrange(256)
    if rng.random() < 0.8:
        size = min(max((data[0] & 15) * 4, 20), len(data))
        data[10:12] = b"\0\0"
        data[10:12] = struct.pack("!H", checksum(bytes(data[:size])))
    return bytes(data[:rng.choice([len(data)] * 4 + [rng.randrange(len(data) + 1)])])
