# SPDX-License-Identifier: MIT
"""Scenarios: tests/sim/scenarios/NAME.py, each a node's script, a peer's, and the trace that has to come of them.

    NODE = "connect 10.0.0.2:80; write 3000; close"     what the node does (node.c)
    def peer(p): ...                                     what the other end does (peer.py)
    SAYS = "..."                                         lines of the node's, in this order
    TRACE = "..."                                        all that goes over the cable (wire.Trace), shortened:

`0.004 node: handshake` stands for SYN, SYN and ACK, and the node's ACK at that time; `. 1+1460*10 ack 1` for ten segments of 1460
bytes in a row at one time.
A line `...` stands for any lines, `*` at the beginning of one for any time, where that follows from random numbers; a line
`~ regex` is a regular expression. WINDOWS = True shows windows, ARP = True address resolution; WORDS are the node's command
line besides the script, LIMIT_S is how long it may take of its time, CABLE what the cable is like. `tests/sim/run.py --update
NAME` writes what came into the file, but what has such marks: read it then.
"""
import glob
import importlib.util
import os
import re
import traceback

import bed as beds
import pcap
import wire
from peer import Peer

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios")


def names():
    return sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(FOLDER, "*.py")))


def load(name):
    spec = importlib.util.spec_from_file_location(f"scenario_{name}", os.path.join(FOLDER, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Played:
    """A scenario that has run."""

    def __init__(self, module, bed, trace, failure):
        self.module, self.bed, self.trace, self.failure = module, bed, trace, failure

    def complaint(self):
        """What is wrong, in words, or None."""
        node = self.bed.nodes[0]
        if self.failure:
            return self.failure
        if node.status != getattr(self.module, "STATUS", 0):
            return f"the node ended with status {node.status}"
        for text, found in ((self.module.SAYS, node.text.splitlines()), (self.module.TRACE, shorten(self.trace.lines))):
            missing = first_missing(text.strip().splitlines(), found, text is self.module.SAYS)
            if missing:
                return missing
        return None


# Time and sender, flags, number and size, the rest.
SEGMENT = re.compile(r"(\S+ \S+) (\S+) (\d+)\+(\d+)( .*|)")


def follows(line, run):
    """The line is one more segment of those in `run`, which all look the same."""
    segment, first = SEGMENT.fullmatch(line), SEGMENT.fullmatch(run[0])
    return segment and first and segment.group(1, 2, 4, 5) == first.group(1, 2, 4, 5) and \
        int(segment[3]) == int(first[3]) + len(run) * int(first[4])


def shorten_run(run):
    return run[0] if len(run) == 1 else SEGMENT.sub(rf"\1 \2 \3+\4*{len(run)}\5", run[0])


def shorten(lines):
    """A trace as scenarios show it."""
    text = re.sub(r"(?m)^\S+ (\S+): S 0\n\S+ \S+: S\. 0 ack 1\n(\S+) \1: \. 1 ack 1$", r"\2 \1: handshake", "\n".join(lines))
    runs = []
    for line in text.splitlines():
        if runs and follows(line, runs[-1]):
            runs[-1].append(line)
        else:
            runs.append([line])
    return [shorten_run(run) for run in runs]


def is_same(expected, line):
    if expected.startswith("~"):
        return re.fullmatch(expected[1:].strip(), line)
    if not expected.startswith("* "):
        return line == expected
    return re.sub(r"^\[ *[\d.]+\] |^[\d.]+ ", "", line) == expected[2:]


def first_missing(expected, found, is_loose):
    """What differs first, in words, or None. Loose: any lines may be between those expected."""
    found, may_skip = [line.strip() for line in found], is_loose
    for line in map(str.strip, expected):
        if line == "...":
            may_skip = True
            continue
        place = next((i for i, other in enumerate(found) if is_same(line, other)), None)
        if place is None or (place > 0 and not may_skip):
            return f"expected: {line}\nfound:    {found[0] if found else 'nothing more'}"
        found, may_skip = found[place + 1:], is_loose
    return f"expected: nothing more\nfound:    {found[0]}" if found and not may_skip else None


def play(image, name, pcap_file=None):
    """Runs it."""
    module = load(name)
    trace = wire.Trace(getattr(module, "WINDOWS", False), getattr(module, "ARP", False))
    bed = beds.Bed(getattr(module, "SEED", 1), pcap.tee(pcap_file, trace.watch))
    words = getattr(module, "WORDS", "ip=10.0.0.1/24")
    node = bed.node("node", image, f'{words} script="{module.NODE}"')
    peer = Peer(bed, module.peer)
    bed.cable(node, peer, **getattr(module, "CABLE", {}))
    failure = None
    try:
        bed.run(getattr(module, "LIMIT_S", 600))
    except (AssertionError, AttributeError, beds.Stalled) as reason:  # AttributeError: of a None in place of a packet
        line = traceback.extract_tb(reason.__traceback__)[-1]
        failure = f"{reason or 'found otherwise'} ({os.path.basename(line.filename)}:{line.lineno}: {line.line})"
    return Played(module, bed, trace, failure)


def update(name, played):
    """Writes the trace that came, and what the node said, into the scenario's file."""
    path = os.path.join(FOLDER, name + ".py")
    with open(path) as file:
        text = file.read()
    says = [line for line in played.bed.nodes[0].text.splitlines() if line and not line.startswith("[")]
    for word, lines in (("SAYS", says), ("TRACE", shorten(played.trace.lines))):
        block = f'{word} = """\n' + "".join(line + "\n" for line in lines) + '"""'
        if not re.search(r"(?m)^(\.\.\.|[*~])", getattr(played.module, word)):  # shortened by hand: stays so
            text = re.sub(rf'(?ms)^{word} = """.*?^"""', block, text)
    with open(path, "w") as file:
        file.write(text)
