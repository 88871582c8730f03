# SPDX-License-Identifier: MIT
"""packetdrill's language, as much of it as says something about a TCP.

    for event in parse(text):
        event.time, event.what      what: a Segment, a Message (ICMP), or a Call

Shell commands, assertions in Python and options of the program itself are left out: they set up a Linux or FreeBSD.
"""
import re
from dataclasses import dataclass

from wire import ACK, FIN, PSH, RST, SYN, URG

FLAGS = {"S": SYN, "F": FIN, "R": RST, "P": PSH, ".": ACK, "U": URG, "E": 0x40, "W": 0x80, "A": 0x100, "-": 0}
MESSAGES = {"unreachable": (3, 0), "net_unreachable": (3, 0), "host_unreachable": (3, 1), "protocol_unreachable": (3, 2),
            "port_unreachable": (3, 3), "frag_needed": (3, 4), "source_route_failed": (3, 5), "net_prohibited": (3, 9),
            "host_prohibited": (3, 10), "packet_filtered": (3, 13), "time_exceeded": (11, 0), "ttl_exceeded": (11, 0)}
OPTIONS = {"mss": 1, "nop": 0, "eol": 0, "sackOK": 0, "wscale": 1, "TS": 2}  # numbers of each; sack: any

TIME = r"\+?\d*\.?\d+"
EVENT = re.compile(rf"\s*(\*|{TIME})(?:~({TIME}))?(?:\s*\.\.\.\s*({TIME}))?\s+(\S.*)")
LEFT_OUT = re.compile(r"/\*.*?\*/|//[^\n]*|%\{.*?\}%|`[^`]*`|(?m:^\s*#[^\n]*|^--\S[^\n]*)", re.S)
ONLY_TIME = re.compile(rf"\s*(\*|{TIME})?\s*")  # of something that was left out
SEGMENT = re.compile(r"([<>])\s*(?:\[\w+\]\s*)?([SFRPUEWA.-]+)\s+(\d+):\d+\s*\((\d+)\)"
                     r"(?:\s+ack\s+(\d+))?(?:\s+win\s+(\d+))?(?:\s+urg\s+(\d+))?(?:\s*<(.*)>)?")
QUOTED = r"(?:\s*\[(?:tcp )?(\d+):\d+\((\d+)\)[^]]*\])?"  # of our segment: before, or behind
MESSAGE = re.compile(rf"<{QUOTED}\s*icmp\s+(\w+)(?:\s+([a-z_]+))??(?:\s+mtu\s+(\d+))?{QUOTED}")
CALL = re.compile(r"(\w+)\s*\((.*)\)\s*=\s*(-?\w+|\?|\.\.\.)\s*(E\w+)?.*")


class Unsupported(Exception):
    """The script needs what we do not have."""


@dataclass
class Segment:
    goes_out: bool
    flags: int
    seq: int
    size: int
    ack: int | None
    window: int | None
    urgent: int
    options: list | None    # of (name, numbers); None: any


@dataclass
class Message:
    """ICMP, about a segment of ours."""
    kind: tuple
    mtu: int
    seq: int
    size: int


@dataclass
class Call:
    name: str
    arguments: list
    result: str | None      # a number, or the name of an error; None: any


@dataclass
class Event:
    line: int
    text: str
    what: object
    time: float | None      # None: whenever it comes
    is_relative: bool       # to the event before
    latest: float           # so much later will do
    end: str | None         # of a call that waits: a time


def parse_options(text):
    if text is None:
        return []
    options = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part == "...":
            return None
        name, *rest = part.split()
        numbers = [int(number) for number in re.findall(r"\d+", " ".join(rest))]
        if name != "sack" and OPTIONS.get(name) != len(numbers):
            raise Unsupported(f"TCP option {part}")
        options.append((name, numbers))
    return options


def parse_segment(text):
    match = SEGMENT.fullmatch(text)
    if not match:
        raise Unsupported(text)
    direction, letters, seq, size, ack, window, urgent, options = match.groups()
    if direction == ">" and set(letters) & set("EWA"):
        raise Unsupported("ECN")
    numbers = [None if number is None else int(number) for number in (ack, window)]
    return Segment(direction == ">", sum(FLAGS[letter] for letter in set(letters)), int(seq), int(size), *numbers,
                   int(urgent or 0), parse_options(options))


def parse_message(text):
    match = MESSAGE.fullmatch(text)
    if not match or (match[4] or match[3]) not in MESSAGES:
        raise Unsupported(text)
    kind, numbers = MESSAGES[match[4] or match[3]], [int(number or 0) for number in match.group(5, 1, 2, 6, 7)]
    return Message(kind, numbers[0], numbers[1] or numbers[3], numbers[2] or numbers[4])


def parse_call(text):
    match = CALL.fullmatch(text)
    if not match:
        raise Unsupported(text)
    name, arguments, result, error = match.groups()
    return Call(name, [part.strip() for part in arguments.split(",")], error or (None if result in ("?", "...") else result))


def parse_what(text):
    if re.match(r"<[^<]*\bicmp\b", text):
        return parse_message(text)
    return parse_segment(text) if text[0] in "<>" else parse_call(text)


def parse(text):
    """The events, in order. Raises Unsupported."""
    text = LEFT_OUT.sub(lambda match: "\n" * match[0].count("\n"), text)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = EVENT.fullmatch(line)
        if match:
            found.append((number, *match.groups()))
        elif not ONLY_TIME.fullmatch(line):
            if not found:
                raise Unsupported(line.strip())
            found[-1] = (*found[-1][:-1], found[-1][-1] + " " + line.strip())
    events = []
    for number, first, last, end, rest in found:
        time = None if first == "*" else float(first)
        events.append(Event(number, rest.strip(), parse_what(rest.strip()), time, first.startswith("+"),
                            float(last) - time if last else 0, end))
    return events
