# SPDX-License-Identifier: MIT
"""The test bed: kernels and scripted peers on cables that lose, delay and damage frames, in virtual time.

    bed = Bed(seed=7)
    a = bed.node("a", image, "ip=10.0.0.1/24 script=...")
    b = bed.node("b", image, "ip=10.0.0.2/24 script=...")
    bed.cable(a, b, delay_ms=10, loss=0.1)
    bed.run(limit_s=600)
    a.status, a.text, bed.digest

A node is a process of MACHINE=host, which runs only when it is its turn, and whose clock is ours (boot/host/net_sim.c).
One seed gives one run, to the byte: all chance is drawn here or follows from the nodes' own seeds.
"""
import ctypes
import hashlib
import heapq
import os
import random
import socket
import struct
import subprocess

TURN = struct.Struct("<QQII")  # now, until, size, cables that are out
FRAME = struct.Struct("<HH")   # card, size
NEVER = (1 << 64) - 1
SECOND, MILLISECOND = 10**9, 10**6
SAME_ADDRESSES = 0x0040000     # personality(2): no random layout, which nothing should depend on


class Stalled(Exception):
    """Nobody has anything to do any more, or it takes too long."""


class Node:
    """A kernel, with one card for each cable."""

    def __init__(self, bed, name, image, words, memory="16M", extra=()):
        self.bed, self.name, self.cables = bed, name, []
        self.image, self.words, self.memory, self.extra = image, words, memory, list(extra)
        self.now = self.until = 0
        self.status, self.text, self.process, self.cables_out = None, "", None, 0
        self.number = len(bed.nodes) + 1

    def plug(self, cable):
        self.cables.append(cable)
        return len(self.cables) - 1

    def mac(self, card):
        return bytes((0x52, 0x54, 0, 0, self.number, card))

    def start(self):
        ours, theirs = socket.socketpair()
        self.socket, self.output = ours, os.memfd_create(self.name)
        cards = [word for i in range(len(self.cables)) for word in ("-nic", f"sim,mac={self.mac(i).hex(':')}")]
        line = [self.image, "-m", self.memory, "-append", self.words, "-sim", str(theirs.fileno()),
                "-seed", str(self.bed.seed * 16 + self.number), *cards, *self.extra]
        libc = ctypes.CDLL(None)
        before = libc.personality(0xffffffff)
        libc.personality(before | SAME_ADDRESSES)
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
                                        pass_fds=[theirs.fileno()])
        libc.personality(before)
        theirs.close()

    def turn(self, now, frames):
        """It runs, from `now` on, with the frames (card, bytes) that have come; until it waits again."""
        bytes_in = b"".join(FRAME.pack(card, len(frame)) + frame for card, frame in frames)
        try:
            self.socket.sendall(TURN.pack(max(now, self.now), 0, len(bytes_in), self.cables_out) + bytes_in)
        except OSError:
            pass
        self.take()

    def take(self):
        """What it has done, once it waits."""
        data = self._read()
        if len(data) < TURN.size:
            return self.end()
        self.now, self.until, size, _ = TURN.unpack_from(data)
        position, frames = TURN.size, []
        while position < TURN.size + size:
            card, length = FRAME.unpack_from(data, position)
            frames.append((card, data[position + FRAME.size:position + FRAME.size + length]))
            position += FRAME.size + length
        for card, frame in frames:
            self.cables[card].send(self, frame, self.now)
        return self.end() if self.until == 0 else None

    def _read(self):
        data = b""
        while len(data) < TURN.size or len(data) < TURN.size + TURN.unpack_from(data)[2]:
            try:
                more = self.socket.recv(1 << 17)
            except ConnectionResetError:
                more = b""
            if not more:
                return b""
            data += more
        return data

    def end(self):
        self.status = self.process.wait(timeout=60)
        self.read_text()
        self.until = NEVER

    def read_text(self):
        with open(self.output, "rb", closefd=False) as output:
            output.seek(0)
            self.text = output.read().decode(errors="replace").replace("\r", "")

    def stop(self):
        if self.process and self.status is None:
            self.process.kill()
            self.process.wait()
            self.read_text()
        if self.process:
            self.socket.close()
            os.close(self.output)
            self.process = None


class Cable:
    """Two ends. Chance is a share of the frames: loss, duplicate, reorder (held back for another delay), corrupt (one bit
    behind the Ethernet header). rate: bytes a second; queue: bytes that wait for it at most."""

    def __init__(self, bed, ends, delay_ms=1, jitter_ms=0, loss=0, duplicate=0, reorder=0, corrupt=0, rate=0, queue=1 << 20):
        self.bed, self.ends = bed, ends
        self.random = random.Random(f"{bed.seed} cable {len(bed.cables)}")
        self.delay, self.jitter = int(delay_ms * MILLISECOND), int(jitter_ms * MILLISECOND)
        self.loss, self.duplicate, self.reorder, self.corrupt = loss, duplicate, reorder, corrupt
        self.rate, self.queue, self.free = rate, queue, {}
        self.cards = [end.plug(self) for end in ends]
        self.mtu, self.sent, self.lost = 0, 0, 0  # mtu: what is larger goes nowhere, a black hole; 0: none
        self.is_out = False

    def set(self, out):
        """Pulls the cable out at this moment, or puts it in again."""
        self.is_out = out
        for end, card in zip(self.ends, self.cards):
            if isinstance(end, Node):
                end.cables_out = end.cables_out & ~(1 << card) | out << card
                self.bed.at(self.bed.now, end, None)  # it is told at once

    def send(self, sender, frame, now):
        self.sent += 1
        self.bed.note(now, sender, frame)
        draw = self.random.random
        if self.is_out or (self.loss and draw() < self.loss) or (self.mtu and len(frame) > self.mtu + 14):
            return self.lose(now, sender, frame)
        at = now
        if self.rate:
            free = max(self.free.get(sender, 0), now)
            if (free - now) * self.rate > self.queue * SECOND:
                return self.lose(now, sender, frame)
            at = self.free[sender] = free + len(frame) * SECOND // self.rate
        self.carry(sender, frame, at)
        if self.duplicate and draw() < self.duplicate:
            self.carry(sender, frame, at)
        return None

    def lose(self, now, sender, frame):
        self.lost += 1
        self.bed.lost(now, sender, frame)

    def carry(self, sender, frame, at):
        draw = self.random.random
        at += self.delay + (int(draw() * self.jitter) if self.jitter else 0)
        if self.reorder and draw() < self.reorder:
            at += int(draw() * self.delay)
        if self.corrupt and frame[12:14] == b"\x08\x00" and draw() < self.corrupt:
            bit = self.random.randrange(14 * 8, len(frame) * 8)
            frame = bytearray(frame)
            frame[bit // 8] ^= 1 << bit % 8
            frame = bytes(frame)
        other = 1 - self.ends.index(sender)
        self.bed.at(at, self.ends[other], (self.cards[other], frame))


class Hub:
    """What comes in by one cable goes out by all others."""

    def __init__(self, bed, name="hub"):
        self.bed, self.name, self.cables = bed, name, []

    plug = Node.plug

    def deliver(self, card, frame):
        for cable in self.cables[:card] + self.cables[card + 1:]:
            cable.send(self, frame, self.bed.now)


class Bed:
    """What there is, the time, and what comes next."""

    def __init__(self, seed=1, watch=None):
        self.seed, self.watch = seed, watch  # watch(time, sender, frame, was it lost)
        self.nodes, self.peers, self.cables, self.events = [], [], [], []
        self.order, self.now, self.hash = 0, 0, hashlib.sha256()
        self.random = random.Random(f"{seed} bed")

    def node(self, name, image, words, **options):
        self.nodes.append(Node(self, name, image, words, **options))
        return self.nodes[-1]

    def cable(self, *ends, **properties):
        self.cables.append(Cable(self, ends, **properties))
        return self.cables[-1]

    def at(self, time, what, argument):
        """At that time: (card, frame) for a node or a peer, None for a node that has something to see, or what(argument)."""
        self.order += 1
        heapq.heappush(self.events, (time, self.order, what, argument))

    def note(self, time, sender, frame):
        self.hash.update(struct.pack("<QB", time, len(sender.name)) + frame)
        if self.watch:
            self.watch(time, sender, frame, False)

    def lost(self, time, sender, frame):
        self.hash.update(b"lost")
        if self.watch:
            self.watch(time, sender, frame, True)

    @property
    def digest(self):
        """Of all frames and their times."""
        return self.hash.hexdigest()

    def run(self, limit_s=600):
        """Until all nodes have ended. Raises Stalled when they never will."""
        try:
            for node in self.nodes:
                node.start()
            for node in self.nodes:
                node.take()
            for peer in self.peers:
                peer.start()
            while any(node.status is None for node in self.nodes):
                self.step(limit_s * SECOND)
        finally:
            for node in self.nodes:
                node.stop()

    def step(self, limit):
        node = min((node for node in self.nodes if node.status is None), key=lambda node: node.until)
        self.now = min(node.until, self.events[0][0] if self.events else NEVER)
        if self.now > limit:
            raise Stalled("nobody waits for anything that could still come" if self.now == NEVER else
                          f"not at the end after {limit / SECOND:.0f} s of its time")
        if not self.events or self.events[0][0] > self.now:
            node.turn(self.now, [])
            return
        arrived = {}
        while self.events and self.events[0][0] == self.now:
            _, _, what, argument = heapq.heappop(self.events)
            if isinstance(what, Node):
                arrived.setdefault(what, []).append(argument)
            else:
                what(argument) if callable(what) else what.deliver(*argument)
        for receiver, frames in arrived.items():
            if receiver.status is None:
                receiver.turn(self.now, [frame for frame in frames if frame])
