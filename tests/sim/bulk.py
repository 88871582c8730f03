# SPDX-License-Identifier: MIT
"""Two kernels send each other many bytes at once over a bad link. Everything about it follows from the seed."""
import random

import bed as beds

LIMIT_S = 3000  # of their time: 20 % loss one after the other is slow


def is_plain(seed):
    """Some without chapter 24, as those see it who have read chapter 23."""
    return seed % 16 == 5


def chances(seed):
    """How bad the link is: 0 to 20 % loss, and more."""
    draw = random.Random(f"link {seed}")
    loss = draw.choice((0, 0.01, 0.03, 0.05, 0.1, 0.2)) * draw.random() if seed % 4 else draw.uniform(0, 0.2)
    loss = min(loss, 0.02) if is_plain(seed) else loss
    return {"delay_ms": draw.choice((0.1, 1, 10, 50)), "jitter_ms": draw.choice((0, 0, 1, 20)), "loss": round(loss, 4),
            "duplicate": draw.choice((0, 0.01, 0.1)), "reorder": draw.choice((0, 0.05, 0.3)),
            "corrupt": draw.choice((0, 0.005, 0.03)), "rate": draw.choice((0, 0, 200_000, 2_000_000)),
            "queue": draw.choice((8_000, 64_000, 1 << 20))}


def sizes(seed):
    draw = random.Random(f"sizes {seed}")
    return [draw.choice((0, 1, 1000, 20_000, 60_000, 150_000)) for _ in range(2)]


def scripts(seed):
    """What the two do: how they behave differs, too."""
    draw = random.Random(f"scripts {seed}")
    words = "plain " if is_plain(seed) else ""
    for opening, size in zip(("listen 80; accept", "sleep 5; reach 10.0.0.1:80"), sizes(seed)):
        options = [f"option congestion {draw.choice((0, 1))}"] if not is_plain(seed) else []
        options += draw.choice(([], [], ["option receive-buffer 5000"], ["option send-buffer 3000"], ["option nodelay 1"]))
        pause = draw.choice(("", "", "", " 5", " 40"))
        steps = [opening, *options, f"bulk {size}{pause}", "counters", "close", "gone 400"]
        yield f'{words}script="{"; ".join(steps)}"'


def make(image, seed, watch=None):
    """Runs it. The Bed, whose nodes have ended, or have not (`stalled` says why)."""
    bed = beds.Bed(seed, watch)
    for number, (name, words) in enumerate(zip("ab", scripts(seed)), 1):
        bed.node(name, image, f"ip=10.0.0.{number}/24 {words}")
    bed.cable(*bed.nodes, **chances(seed))
    bed.stalled = None
    try:
        bed.run(LIMIT_S)
    except beds.Stalled as reason:
        bed.stalled = str(reason)
    return bed


def judge(bed):
    """What is wrong, in words, or None."""
    ours, theirs = sizes(bed.seed)
    for node, sent, received in zip(bed.nodes, (ours, theirs), (theirs, ours)):
        if f"bulk: {sent} bytes sent, {received} received" not in node.text:
            return f"{node.name} did not get {received} bytes across and {sent} out; stalled: {bed.stalled}"
        if node.status != 0:
            return f"{node.name} ended with status {node.status}"
    return bed.stalled
