#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs packetdrill's scripts against our TCP, in virtual time.

    tests/sim/packetdrill.py FILE.pkt ...           of each: agreed, skipped, or where it differs
    tests/sim/packetdrill.py --trace FILE.pkt       and all that went over the cable
    tests/sim/packetdrill.py --notes FILE.pkt       and what else is not the same

With packetdrill (https://github.com/google/packetdrill) Linux, FreeBSD and others write down what a TCP has to do: system calls,
segments that come (<) and segments that have to go (>), each with its time. Calls are made by a kernel that does what datagrams say
(puppet.c), the segments go over the same cable.

Every stack chooses for itself, so only noted: the window that it tells, PSH, which options a SYN offers, and when exactly something
happens. A segment may come GRACE_S later than the script says, and then what follows is later, too. One segment of a script may
come in pieces, each of one MSS.
"""
import argparse
import os
import struct
import sys
from dataclasses import dataclass, field

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))

import bed as beds  # noqa: E402
import boot  # noqa: E402
import wire  # noqa: E402
from packetdrill_calls import PEER, PORT, Calls, Differs, name_of, number_of  # noqa: E402
from packetdrill_script import FLAGS, Message, Segment, Unsupported, parse  # noqa: E402
from wire import ACK, FIN, PSH, RST, SYN  # noqa: E402

NODE, CONTROL_PORT, FIRST_PORT = "10.0.0.1", 9, 40000
START_S = 2             # the node is up
SETTLE_S = 1e-5         # it has done what it does at once: its clock goes on a little meanwhile
TOLERANCE_S, GRACE_S, WHENEVER_S = 0.02, 0.3, 120
OPTION_CODES = {"mss": 2, "wscale": 3, "sackOK": 4, "TS": 8}


class Cable:
    """The node, and the script's end of its cable."""

    def __init__(self, image, watch=None):
        self.bed, self.name = beds.Bed(1, watch), "script"
        self.node = self.bed.node("node", image, f"ip={NODE}/24", memory="64M")
        self.mac, self.answer, self.heard = bytes((0x52, 0x54, 0, 0, 0xff, 1)), None, []
        self.cable = self.bed.cable(self.node, self, delay_ms=0)
        self.node.start()
        self.node.take()
        self.advance(START_S)

    def plug(self, cable):
        return 0

    def deliver(self, _, frame):
        packet = wire.parse(frame)
        if packet.kind == wire.ARP and packet.flags == 1 and packet.destination == PEER:
            answer = wire.arp(2, self.mac, PEER, frame[6:12], packet.source)
            self.cable.send(self, wire.ethernet(frame[6:12], self.mac, wire.ARP, answer), self.bed.now)
        elif packet.kind == wire.UDP:
            self.answer = int(packet.data)
        elif packet.kind == wire.TCP:
            self.heard.append((self.now, packet))

    @property
    def now(self):
        return self.bed.now / beds.SECOND

    def step(self, until):
        """The next thing that happens, if it is not after `until`. False: it is."""
        if self.node.status is not None:
            raise Differs("the node has stopped:\n" + self.node.text)
        limit = round(until * beds.SECOND)
        if min(self.node.until, self.bed.events[0][0] if self.bed.events else beds.NEVER) > limit:
            self.bed.now = max(self.bed.now, limit)
            return False
        self.bed.step(beds.NEVER)
        return True

    def advance(self, until):
        while self.step(until):
            pass

    def send(self, protocol, body):
        packet = wire.ip(PEER, NODE, protocol, body)
        self.cable.send(self, wire.ethernet(self.node.mac(0), self.mac, wire.IPV4, packet), self.bed.now)
        self.advance(self.now + SETTLE_S)

    def ask(self, *words):
        """The result of a call of puppet.c."""
        self.answer = None
        self.send(wire.UDP, wire.udp(PEER, NODE, CONTROL_PORT, CONTROL_PORT, " ".join(map(str, words)).encode()))
        if self.answer is None:
            raise Differs(f"{words[0]}: no answer")
        return self.answer


@dataclass
class Connection:
    """What leads from a script's numbers to those on the cable. Ours are the script's own, but for the node's sequence."""
    port: int
    node_port: int | None       # None: its SYN will say
    offset: int = 0             # of the node's sequence numbers
    first: int = 0              # of the script's bytes, and of the node's in the script
    node_first: int = 1
    stamps: dict = field(default_factory=dict)  # a timestamp of the node's in the script: on the cable

    def stamp(self, value):
        known = max((known for known in self.stamps if known <= value), default=None)
        return value if known is None else (self.stamps[known] + value - known) % wire.CIRCLE


@dataclass
class Pending:
    """A call that waits."""
    event: object
    attempt: object
    deadline: float


class Run:
    def __init__(self, cable):
        self.cable, self.notes, self.event, self.pending = cable, [], None, []
        self.connection, self.next_port, self.may_begin = None, FIRST_PORT, True

    def play(self, events):
        calls = Calls(self.cable.ask, self.opened)
        previous, late = start, _ = self.cable.now, 0
        for self.event in events:
            event = self.event
            due = previous if event.time is None else event.time + (previous if event.is_relative else start + late)
            if isinstance(event.what, Segment) and event.what.goes_out:
                sent = self.expect(event.what, due)
                late += max(0, sent - due - event.latest)
                previous = max(due, sent)
                continue
            previous = max(due, previous)
            self.wait(previous)
            if isinstance(event.what, Segment):
                self.inject(event.what)
            elif isinstance(event.what, Message):
                self.inject_message(event.what)
            else:
                relative = not event.end or event.is_relative or event.end.startswith("+")
                end = float(event.end or 0) + (previous if relative else start + late)
                self.pending.append(Pending(event, calls.begin(event.what), end))
                self.try_pending()
        self.wait(max((pending.deadline for pending in self.pending), default=0) + GRACE_S)

    # ---- Time ----
    def wait(self, until):
        while True:
            goes_on = self.cable.step(until)
            self.try_pending()
            if not goes_on:
                return

    def try_pending(self):
        for pending in list(self.pending):
            try:
                result = pending.attempt()
            except Differs as reason:
                raise Differs(f"line {pending.event.line}: {pending.event.text}\n    {reason}") from reason
            if result is None:
                if self.cable.now > pending.deadline + TOLERANCE_S:
                    raise Differs(f"line {pending.event.line}: {pending.event.text}\n    it waits")
                continue
            self.pending.remove(pending)
            expected = pending.event.what.result
            if expected is not None and result != number_of(expected):
                raise Differs(f"line {pending.event.line}: {pending.event.text}\n    found {name_of(result)}")

    # ---- What comes ----
    def opened(self, is_active):
        """The node connects, or listens: what the script says from now on is of a new connection."""
        if is_active:
            self.connection = Connection(PORT, None)
            self.cable.heard.clear()
        self.may_begin = not is_active

    def inject(self, segment):
        begins = self.may_begin and segment.flags & (SYN | ACK | RST) == SYN
        if begins or not self.connection:
            self.connection = Connection(self.next_port, PORT)
            self.cable.heard.clear()
            self.next_port += 1
            self.may_begin = self.may_begin and not begins
        connection = self.connection
        if segment.flags & SYN:
            connection.first = segment.seq + 1
        ack = 0 if segment.ack is None else segment.ack + connection.offset
        self.cable.send(wire.TCP, wire.tcp(
            PEER, NODE, connection.port, connection.node_port, segment.seq, ack, segment.flags, segment.window or 0,
            wire.pattern(segment.seq - connection.first, segment.size), self.option_bytes(segment.options or []), segment.urgent))
        self.try_pending()

    def option_bytes(self, options):
        connection, data = self.connection, b""
        for name, numbers in options:
            if name == "TS":
                data += struct.pack(">BBII", 8, 10, numbers[0], connection.stamp(numbers[1]))
            elif name == "sack":
                edges = [(number + connection.offset) % wire.CIRCLE for number in numbers]
                data += struct.pack(f">BB{len(edges)}I", 5, 2 + 4 * len(edges), *edges)
            elif name == "mss":
                data += wire.mss(numbers[0])
            else:
                data += {"nop": b"\1", "eol": b"\0", "sackOK": b"\4\2", "wscale": bytes((3, 3, *numbers))}[name]
        return data

    def inject_message(self, message):
        """It quotes the header and eight bytes of what we sent (RFC 792)."""
        if not self.connection or self.connection.node_port is None:
            raise Unsupported("ICMP before there is a connection")
        body = wire.tcp(NODE, PEER, self.connection.node_port, self.connection.port, message.seq + self.connection.offset, 0,
                        ACK, 0, bytes(message.size))
        self.cable.send(wire.ICMP, wire.icmp(*message.kind, message.mtu, wire.ip(NODE, PEER, wire.TCP, body)[:28]))
        self.try_pending()

    # ---- What has to go ----
    def expect(self, wanted, due):
        """Returns when it went."""
        if not self.connection:
            raise Differs("there is no connection")
        grace = WHENEVER_S if self.event.time is None else self.event.latest + max(GRACE_S, 0.1 * self.event.time)
        latest = max(due, self.cable.now) + grace
        sent, found = self.next_segment(latest)
        if found.flags & SYN:
            self.connection.node_port = found.ports[0]
            self.connection.offset = (found.seq - wanted.seq) % wire.CIRCLE
            self.connection.node_first = wanted.seq + 1
        while found.data and len(found.data) < wanted.size and not found.flags & (SYN | FIN | RST):
            sent, more = self.next_segment(latest)
            if more.seq != found.end:
                raise Differs(f"found {self.describe(found)}, and then {self.describe(more)}")
            more.seq, more.data = found.seq, found.data + more.data
            found = more
        problem = self.compare(wanted, found) or self.compare_options(wanted, found)
        if problem:
            raise Differs(f"{problem}: found {self.describe(found)}")
        if self.event.time is not None:
            self.note_time(sent - due)
        return sent

    def next_segment(self, latest):
        while True:
            while self.cable.heard:
                sent, packet = self.cable.heard.pop(0)
                if packet.ports[1] == self.connection.port and self.connection.node_port in (None, packet.ports[0]):
                    return sent, packet
            if not self.cable.step(latest):
                raise Differs("nothing comes")
            self.try_pending()

    def compare(self, wanted, found):
        """What is not as it should be, in a word, or None."""
        if (wanted.flags ^ found.flags) & ~PSH:
            return "flags"
        if (found.seq - self.connection.offset - wanted.seq) % wire.CIRCLE != 0 or len(found.data) != wanted.size:
            return "numbers"
        if wanted.flags & ACK and found.ack != wanted.ack:
            return "ack"
        if found.data != wire.pattern(wanted.seq - self.connection.node_first, wanted.size):
            return "bytes"
        if (wanted.flags ^ found.flags) & PSH:
            self.note("PSH" if found.flags & PSH else "no PSH")
        if wanted.window is not None and found.window != wanted.window:
            self.note(f"win {found.window}")
        return None

    def compare_options(self, wanted, found):
        if wanted.options is None:
            return None
        options = dict(wanted.options)
        if 8 in found.options and "TS" in options:
            value, echo = struct.unpack(">II", found.options[8])
            self.connection.stamps.setdefault(options["TS"][0], value)
            if echo != options["TS"][1]:
                return "ecr"
        for name, code in OPTION_CODES.items():
            if (name in options) != (code in found.options):
                if not found.flags & SYN:
                    return name
                self.note(f"{name} is {'missing' if name in options else 'there'}")
            elif name in ("mss", "wscale") and name in options:
                value = int.from_bytes(found.options[code], "big")
                if value != options[name][0]:
                    self.note(f"{name} {value}")
        edges = [number for name, numbers in wanted.options if name == "sack" for number in numbers]
        return None if edges == self.edges(found) else "sack"

    def edges(self, packet):
        data = packet.options.get(5, b"")
        return [*struct.unpack(f">{len(data) // 4}I", data)]

    # ---- Words ----
    def note(self, text):
        self.notes.append(f"line {self.event.line}: {text}")

    def note_time(self, late):
        if not -TOLERANCE_S < late < TOLERANCE_S + self.event.latest:
            self.note(f"{abs(late) * 1000:.0f} ms {'later' if late > 0 else 'earlier'}")

    def describe(self, packet):
        """As a script would say it."""
        seq = (packet.seq - self.connection.offset) % wire.CIRCLE
        text = "".join(letter for letter, bit in FLAGS.items() if bit & packet.flags) or "-"
        text += f" {seq}:{seq + len(packet.data)}({len(packet.data)})"
        text += f" ack {packet.ack}" if packet.flags & ACK else ""
        edges = self.edges(packet)
        sack = " <sack" + "".join(f" {left}:{right}" for left, right in zip(edges[::2], edges[1::2])) + ">"
        return text + f" win {packet.window}" + (sack if edges else "")


@dataclass
class Result:
    word: str                   # agreed, differs, skipped
    text: str = ""
    notes: list = field(default_factory=list)


def play(image, path, watch=None):
    with open(path) as file:
        text = file.read()
    if "--ip_version=ipv6" in text or "--ip_version=ipv4-mapped" in text:
        return Result("skipped", "IPv6")
    cable = run = None
    try:
        events = parse(text)
        cable = Cable(image, watch)
        run = Run(cable)
        run.play(events)
    except Unsupported as reason:
        return Result("skipped", str(reason))
    except Differs as reason:
        where = "" if str(reason).startswith("line") else f"line {run.event.line}: {run.event.text}\n    "
        return Result("differs", where + str(reason), run.notes)
    finally:
        if cable:
            cable.node.stop()
    return Result("agreed", notes=run.notes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--notes", action="store_true")
    parser.add_argument("--image", help="one that is built already")
    parser.add_argument("scripts", nargs="+")
    arguments = parser.parse_args()
    image = arguments.image or boot.build("host", APP="tests/sim/puppet.c")
    counts = {}
    for path in arguments.scripts:
        trace = wire.Trace(with_windows=True)
        result = play(image, path, trace.watch)
        counts[result.word] = counts.get(result.word, 0) + 1
        print(f"{result.word:8} {os.path.basename(path)}" + (f": {result.text}" if result.text else ""))
        print("".join(f"    {note}\n" for note in result.notes if arguments.notes), end="")
        print("".join(f"    {line}\n" for line in trace.lines if arguments.trace and ": udp " not in line), end="")
    print(", ".join(f"{count} {word}" for word, count in sorted(counts.items())))
    return 1 if counts.get("differs") else 0


if __name__ == "__main__":
    sys.exit(main())
