# SPDX-License-Identifier: MIT
"""A scripted peer: the other end of a cable, which sends what no decent stack would.

    def peer(p):                                  # a generator: each `yield` lets time pass
        c = yield from p.accept(80)               # a connection that the node opens
        segment = yield from c.receive()
        c.send(window=0)
        yield p.sleep(5)

ARP is answered by itself. A script that ends early leaves its node alone.
"""
import wire
from wire import ACK, FIN, RST, SYN, TCP

SECOND = 10**9


class Peer:
    """It has one address, or answers for several (`addresses`)."""

    def __init__(self, bed, script, ip="10.0.0.2", node_ip="10.0.0.1"):
        self.bed, self.name, self.ip, self.node_ip, self.addresses = bed, "peer", ip, node_ip, [ip]
        self.mac, self.answers_arp = bytes((0x52, 0x54, 0, 0, 0xff, 1)), True
        self.script, self.inbox, self.waits, self.turn = script(self), [], False, 0
        bed.peers.append(self)

    # ---- The bed's side ------------------------------------------------------------------------------------------
    def plug(self, cable):
        self.cable = cable
        return 0

    @property
    def now(self):
        return self.bed.now / SECOND

    def start(self):
        self.resume(None)

    def resume(self, value):
        """Lets the script run until it waits again."""
        self.turn += 1
        self.waits = False
        try:
            for_packets, seconds = self.script.send(value)
            while for_packets and self.inbox:
                for_packets, seconds = self.script.send(self.inbox.pop(0))
        except StopIteration:
            return
        self.waits = for_packets
        turn = self.turn
        if seconds is not None:
            self.bed.at(self.bed.now + int(seconds * SECOND), lambda _: turn == self.turn and self.resume(None), None)

    def deliver(self, _, frame):
        if frame[:6] != self.mac and not frame[0] & 1:
            return  # to somebody else, or to whom we were
        packet = wire.parse(frame)
        if packet.kind == wire.ARP and self.answers_arp:
            if packet.flags == 1 and packet.destination in self.addresses and packet.source != packet.destination:
                self.send_frame(wire.ethernet(frame[6:12], self.mac, wire.ARP,
                                              wire.arp(2, self.mac, packet.destination, frame[6:12], packet.source)))
            return
        self.inbox.append(packet)
        if self.waits:
            self.resume(self.inbox.pop(0))

    # ---- The script's side ---------------------------------------------------------------------------------------
    def wait(self, seconds=60):
        """packet = yield p.wait(): the next one, of any kind; None when none comes."""
        return True, seconds

    def sleep(self, seconds):
        """yield p.sleep(5): what comes meanwhile is kept."""
        return False, seconds

    def send_frame(self, frame):
        self.cable.send(self, frame, self.bed.now)

    def send_ip(self, protocol, body, source=None, to=None, **header):
        packet = wire.ip(source or self.ip, to or self.node_ip, protocol, body, **header)
        mac = wire.BROADCAST if to == "255.255.255.255" else self.bed.nodes[0].mac(0)
        self.send_frame(wire.ethernet(mac, self.mac, wire.IPV4, packet))

    def receive(self, kind=TCP, seconds=60, port=None):
        """The next packet of a kind, for our port; None when none comes. Others are left out."""
        end = self.now + seconds
        while self.now < end or seconds == 0:
            packet = yield self.wait(max(0, end - self.now))
            if packet is None:
                return None
            if packet.kind == kind and (port is None or packet.ports[1] == port):
                return packet
        return None

    def accept(self, port=80, iss=1000, window=65535, options=wire.mss(1460)):
        """A connection that the node opens."""
        syn = yield from self.receive(port=port)
        assert syn and syn.flags == SYN, f"expected a SYN, found {syn}"
        c = Conversation(self, port, syn.ports[0], iss, window)
        c.ack = syn.end
        c.send(flags=SYN | ACK, options=options)
        answer = yield from c.receive()
        assert answer and answer.ack == c.seq, f"expected an ACK, found {answer}"
        if answer.data:
            self.inbox.insert(0, answer)
        return c

    def knock(self, port=80, source=1024, iss=1000, window=65535, options=wire.mss(1460), ip=None):
        """A SYN to the node."""
        c = Conversation(self, source, port, iss, window, ip)
        c.send(flags=SYN, options=options)
        return c

    def connect(self, port=80, **options):
        """A connection to the node; options as above."""
        c = self.knock(port, **options)
        answer = yield from c.receive()
        assert answer and answer.flags == SYN | ACK, f"expected SYN and ACK, found {answer}"
        c.ack = answer.end
        c.send()
        return c


class Conversation:
    """Our end of one connection: `seq`, what we send next; `ack`, what we expect next."""

    def __init__(self, peer, port, node_port, iss=1000, window=65535, ip=None):
        self.peer, self.port, self.node_port, self.ip = peer, port, node_port, ip or peer.ip
        self.iss, self.seq, self.ack, self.window, self.is_over = iss, iss, 0, window, False

    def send(self, data=b"", flags=ACK, seq=None, ack=None, window=None, options=b""):
        """One segment. With `seq` it is out of order, and what we send next stays the same."""
        ack = (self.ack if ack is None else ack) if flags & ACK else 0
        body = wire.tcp(self.ip, self.peer.node_ip, self.port, self.node_port, self.seq if seq is None else seq, ack, flags,
                        self.window if window is None else window, data, options)
        self.peer.send_ip(TCP, body, source=self.ip)
        if seq is None:
            self.seq = (self.seq + len(data) + bool(flags & SYN) + bool(flags & FIN)) % wire.CIRCLE

    def receive(self, seconds=60):
        """The next segment of this connection; what is in order counts as received. None when none comes."""
        while True:
            segment = yield from self.peer.receive(seconds=seconds, port=self.port)
            if not segment or segment.ports[0] == self.node_port:
                break
        if segment and segment.seq == self.ack and not segment.flags & RST:
            self.ack, self.is_over = segment.end, self.is_over or bool(segment.flags & FIN)
        return segment

    def quiet(self, seconds):
        """Nothing of this connection comes for so long."""
        segment = yield from self.receive(seconds)
        assert segment is None, f"expected nothing, found {segment}"

    def read(self, size):
        """So many bytes in order, each segment acknowledged; returns them."""
        data = b""
        while len(data) < size:
            before = self.ack
            segment = yield from self.receive()
            assert segment, f"{len(data)} of {size} bytes came, and then nothing"
            if segment.data and segment.seq == before:
                data += segment.data
                self.send()
        return data

    def await_end(self):
        """Until the node sends nothing more; returns its last segment."""
        segment = None
        while not self.is_over:
            segment = yield from self.receive()
            assert segment, "expected the other end to close"
        return segment

    def finish(self):
        """Both ends close, we first or second, in good order."""
        is_second, segment = self.is_over, wire.Packet()
        self.send(flags=FIN | ACK)
        while not (self.is_over and segment.ack == self.seq):
            segment = yield from self.receive()
            assert segment, "expected the other end to close"
        if not is_second:
            self.send()
