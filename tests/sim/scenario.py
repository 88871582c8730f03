# SPDX-License-Identifier: MIT
"""Scenarios: tests/sim/scenarios/NAME.py, each a node's script, a peer's, and the trace that has to come of them.

    NODE = "connect 10.0.0.2:80; write 3000; close"     what the node does (node.c)
    def peer(p): ...                                     what the other end does (peer.py)
    SAYS = "..."                                         lines of the node's, in this order
    TRACE = "..."                                        all that goes over the cable (wire.Trace)

In TRACE, a line `...` stands for any lines. WINDOWS = True shows windows, ARP = True address resolution; WORDS are more of
the command line, LIMIT_S how long it may take. `tests/sim/run.py --update NAME` writes what came into the file: read it then.
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
        for text, found in ((self.module.SAYS, node.text.splitlines()), (self.module.TRACE, self.trace.lines)):
            missing = first_missing(text.strip().splitlines(), found, text is self.module.SAYS)
            if missing:
                return missing
        return None


def first_missing(expected, found, may_skip):
    """What differs first, in words, or None."""
    position = 0
    for line in map(str.strip, expected):
        if line == "...":
            may_skip = True
            continue
        rest = [other.strip() for other in found[position:]]
        matches = [i for i, other in enumerate(rest) if other == line or (line.startswith("~") and
                                                                          re.fullmatch(line[1:].strip(), other))]
        if not matches or (matches[0] > 0 and not may_skip):
            return f"expected: {line}\nfound:    {rest[0] if rest else 'nothing more'}"
        position += matches[0] + 1
        may_skip = may_skip and expected is not None and "..." not in expected
    if not may_skip and position < len(found):
        return f"expected: nothing more\nfound:    {found[position]}"
    return None


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
    for word, lines in (("SAYS", says), ("TRACE", played.trace.lines)):
        body = "\n".join(lines)
        text = re.sub(rf'(?ms)^{word} = """.*?^"""', lambda _: f'{word} = """\n{body}\n"""', text)  # noqa: B023
    with open(path, "w") as file:
        file.write(text)
